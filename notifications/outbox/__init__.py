"""What happens to a delivery between being due and being done. `notifications.sending` is the loop."""
