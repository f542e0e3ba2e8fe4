"""What vendors say about themselves, and what was agreed with them."""
