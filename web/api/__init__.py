"""The part of the REST API that crosses rooms."""
