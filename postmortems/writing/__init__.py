"""How a document is begun, written together, and how its words become a page."""
