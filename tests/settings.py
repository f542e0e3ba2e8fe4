"""The product's settings with what tests need: process time, no wake-ups, fast password hashes."""

from config.settings import *  # noqa: F403

TESTING = True
WAKEUPS = False
CLOCK_FOLLOWS_PROCESS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEBUG = False
ALLOWED_HOSTS = ["*"]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405
CAPTURE_MAIL = True

# Tests look into the application that the servers load; their own process keeps its one connection.
POOL_CONNECTIONS = False
