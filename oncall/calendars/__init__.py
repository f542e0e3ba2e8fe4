"""Foreign calendars coming in: fetched, read, matched to people, kept as stretches or leave."""
