#!/usr/bin/env python
"""Command line entry point."""

import os
import secrets
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["dev"]:
        # Before anything of Django: it brings the servers up that settings need.
        from config.launcher.main import main as launch

        raise SystemExit(launch(sys.argv[2:]))
    from config.env import EnvError, load_env

    if sys.argv[1:2] == ["check_worker"] and _works_elsewhere(sys.argv[2:]):
        # Where there is no installation there is nothing to be guarded by its key.
        os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
    try:
        load_env()
    except EnvError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def _works_elsewhere(arguments: list[str]) -> bool:
    """Whether a check worker is meant for an installation at another address."""
    return bool(os.environ.get("CHECK_WORKER_URL")) or any(
        each.split("=")[0] == "--url" for each in arguments
    )


if __name__ == "__main__":
    main()
