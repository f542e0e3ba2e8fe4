"""A postmortem as it leaves the house: Markdown, PDF, JSON, a bundle of all, and the print view."""
