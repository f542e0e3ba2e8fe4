"""Input of incident pages; no writes. One module for each part of the work."""
