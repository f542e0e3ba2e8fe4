"""Live topics: one socket a tab, catch-up from the database, no channel layer."""
