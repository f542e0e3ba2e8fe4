#!/usr/bin/env python
"""Command line entry point."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["dev"]:
        # Before anything of Django: it brings the servers up that settings need.
        from config.launcher.main import main as launch

        raise SystemExit(launch(sys.argv[2:]))
    from config.env import EnvError, load_env

    try:
        load_env()
    except EnvError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
