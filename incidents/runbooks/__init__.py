"""Runbooks: instructions with steps to tick. `document` and `variables` know no database."""
