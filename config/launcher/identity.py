"""Who PostgreSQL runs as: it refuses the superuser, and containers often have no other user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from config.launcher.errors import LaunchError
from config.launcher.process import Command, run

# The one unprivileged user that every /etc/passwd has; initdb looks its own name up.
NOBODY = 65534

_AS_NOBODY = (f"--map-user={NOBODY}", f"--map-group={NOBODY}")
_DROP = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@dataclass(frozen=True, slots=True)
class Identity:
    """`wrapper` turns a command into one run under this identity; `owner` must own its files."""

    kind: str
    wrapper: tuple[str, ...]
    owner: int


def identities() -> tuple[Identity, ...]:
    """All ways to run here, the best first.

    As root: a user namespace in which root appears as nobody (files stay root's); else really nobody; else
    nobody who may still pass through folders closed to others, for a project that lies in root's home.
    As a user without a name, as containers often have: a namespace too.
    """
    user = os.geteuid()
    namespace = Identity("namespace", ("unshare", "--user", *_AS_NOBODY), user)
    if user != 0:
        return (Identity("self", (), user),) if _has_name(user) else (namespace,)
    return (
        namespace,
        Identity("nobody", _DROP, NOBODY),
        Identity("passing", (*_DROP, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"), NOBODY),
    )


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def choose(program: Path, folder: Path, among: Iterable[Identity] | None = None) -> Identity:
    """The first identity that can run `program` and write in `folder`, which is made its own.

    Raises `LaunchError` when there is none.
    """
    for identity in identities() if among is None else among:
        if identity.wrapper and not shutil.which(identity.wrapper[0]):
            continue
        try:
            give(folder, identity.owner)
            if _works(identity, program, folder):
                return identity
        except (OSError, subprocess.TimeoutExpired):
            continue
    raise LaunchError(
        f"PostgreSQL cannot be run here by user {os.geteuid()} with its data in {folder}: start as a user "
        "who has a name and owns that folder, or set DATABASE_URL to a PostgreSQL server of yours."
    )


def give(folder: Path, owner: int) -> None:
    """Make `owner` own the folder and all it holds."""
    if folder.stat().st_uid == owner:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, owner, follow_symlinks=False)


def _works(identity: Identity, program: Path, folder: Path) -> bool:
    test = 'cd "$0" && test -w . && exec "$1" --version'
    command = Command(["/bin/sh", "-c", test, str(folder), str(program)], wrapper=identity.wrapper)
    return run(command, seconds=10).returncode == 0
