"""The lock of a service: whoever gives its alerts a place holds it, one at a time."""

# First key of the transaction-level advisory lock; the second is the service's id, 0 for none.
LOCK_CLASS = 74_21
