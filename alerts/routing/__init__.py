"""Where a new alert goes: its service and words, then the rules of the team it came in for."""
