"""What follows from events, one module for each part of the work; imported by `apps.ready`."""
