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

# A machine that is busy with other tests is no outage of the cache.
CACHES["default"]["OPTIONS"] |= {"socket_timeout": 5, "socket_connect_timeout": 5}  # type: ignore[index,operator]  # noqa: F405
