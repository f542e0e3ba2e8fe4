"""The way in: checks the key, parses, stores everything in one statement, then answers."""
