"""What the tests run against: a throw-away PostgreSQL, a Valkey for each pytest process, a browser.

The pytest process starts the servers before Django's settings are read; the workers of pytest-xdist
use its database server (each with a test database of its own, the copies of one that the first of them
migrates) and start a Valkey of their own. Everything ends with the pytest process, however that ends.
"""

from __future__ import annotations

import atexit
import ctypes.util
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from config.launcher import postgres, valkey
from config.launcher.process import Command, end, spawn

ROOT = Path(__file__).resolve().parent.parent
# Names the database that the workers of a run copy.
TEMPLATE = "WATCHBILL_TEST_TEMPLATE"
_CHROMIUM = ROOT / "frontend/node_modules/@sparticuz/chromium"

# A developer's own settings must not change what the tests see.
_CLEARED = (
    *(
        "PORT",
        "HOST",
        "BASE_URL",
        "ALLOWED_HOSTS",
        "EMAIL_URL",
        "EMAIL_FROM",
        "DEMO",
        "WEB_WORKERS",
    ),
    *(
        "CELERY_CONCURRENCY",
        "OIDC_SERVER_URL",
        "OIDC_CLIENT_ID",
        "OIDC_CLIENT_SECRET",
        "OIDC_NAME",
        "OIDC_GROUPS",
        "OIDC_GROUPS_CLAIM",
        "OIDC_TRUST_EMAIL",
    ),
    *("API_SCHEMA_PUBLIC", "METRICS_PUBLIC", "KEEP_DELIVERIES_DAYS", "KEEP_MAIL_DAYS"),
    *("MAIL_INTAKE_PORT", "MAIL_INTAKE_HOST", "MAIL_INTAKE_DOMAIN"),
)


@dataclass
class Servers:
    """The servers one pytest process started."""

    folder: Path
    processes: list[tuple[subprocess.Popen[bytes], signal.Signals]] = field(default_factory=list)

    def launch(self, command: Command, number: signal.Signals, name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = spawn(command, output=log)
        self.processes.append((process, number))
        return process

    def stop(self) -> None:
        """End all, the last started first, and remove their folder; may be called twice."""
        while self.processes:
            process, number = self.processes.pop()
            end(process, number, seconds=15)
        shutil.rmtree(self.folder, ignore_errors=True)


def start(config: pytest.Config) -> Servers | None:
    """Start the servers for this pytest process and put their addresses into the environment.

    `DATABASE_URL` in the environment names a server to use instead of an embedded one; the tests still make
    databases of their own in it. Stops everything when `config` is done. For `--help` and `--version`
    nothing starts.
    """
    if config.getoption("help", False) or config.getoption("version", 0):
        _set_environment(Path(tempfile.gettempdir()))
        return None
    # Short, and open to the other user that the database may have to run as.
    servers = Servers(Path(tempfile.mkdtemp(prefix="wb-tests-")))
    servers.folder.chmod(0o711)
    atexit.register(servers.stop)
    config.add_cleanup(servers.stop)
    worker = "PYTEST_XDIST_WORKER" in os.environ
    if not worker and not os.environ.get("DATABASE_URL"):
        cluster = postgres.Cluster(servers.folder / "pg", durable=False, log=servers.folder / "postgres.log")
        running = cluster.start(lambda command: servers.launch(command, postgres.STOP_SIGNAL, "postgres"))
        os.environ["DATABASE_URL"] = running.url
        # A server of its own: the template ends with it, and none is left from another version's run.
        os.environ[TEMPLATE] = "watchbill_template"
    os.environ["REDIS_URL"], _ = valkey.start(
        lambda command: servers.launch(command, valkey.STOP_SIGNAL, "valkey"),
        log=servers.folder / "valkey.log",
    )
    _set_environment(servers.folder)
    return servers


def _set_environment(folder: Path) -> None:
    for name in _CLEARED:
        os.environ.pop(name, None)
    os.environ["ENV_FILE"] = os.devnull
    os.environ["WATCHBILL_DATA"] = str(folder / "data")
    os.environ["SECRET_KEY"] = "a-key-for-tests-that-guards-nothing-and-is-long-enough"
    os.environ["DEBUG"] = "0"
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"


def migrated_template() -> None:
    """Let Django's test database begin as a copy of a migrated one, which the first worker here makes.

    Django still migrates the copy, and finds nothing to do.
    """
    from django.core.management import call_command
    from django.db import connection

    name, settings = os.environ[TEMPLATE], connection.settings_dict
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        # Held until this connection ends.
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            kept, unfinished = settings["NAME"], f"{name}_unfinished"
            server.execute(f"DROP DATABASE IF EXISTS {unfinished}")
            server.execute(f"CREATE DATABASE {unfinished}")
            connection.close()
            settings["NAME"] = unfinished
            try:
                with _models_drawn_once():
                    call_command("migrate", verbosity=0, interactive=False)
            finally:
                connection.close()
                settings["NAME"] = kept
            server.execute(f"ALTER DATABASE {unfinished} RENAME TO {name}")
    settings["TEST"]["TEMPLATE"] = name


@contextmanager
def _models_drawn_once() -> Iterator[None]:
    """Meanwhile a new table lets the historical models that it names directly be made anew, not all they lead to.

    That is a third of a migration's work. Migrations that ask models for rows make all of them anew before
    (`ProjectState.clear_delayed_apps_cache`), so nothing sees half of a change.
    """
    from django.db.migrations.state import ModelState, ProjectState

    whole = ProjectState.add_model

    def add_model(self: ProjectState, model_state: ModelState) -> None:
        key = model_state.app_label, model_state.name_lower
        self.models[key] = model_state
        if self._relations is not None:
            self.resolve_model_relations(key)
        if "apps" in self.__dict__:
            self.reload_model(*key, delay=True)

    ProjectState.add_model = add_model
    try:
        yield
    finally:
        ProjectState.add_model = whole


def chromium_path() -> Path:
    """The browser for tests: `CHROMIUM`, else the npm package's, unpacked once into `.cache`."""
    if given := os.environ.get("CHROMIUM"):
        return Path(given)
    return _unpacked() / "chromium"


def chromium_environ() -> dict[str, str]:
    """The environment to start it with: brings libraries and fonts that the system lacks."""
    environ = dict(os.environ)
    if os.environ.get("CHROMIUM"):
        return environ
    if ctypes.util.find_library("nss3") is None:
        libraries = [
            str(_unpacked() / "al2023" / "lib"),
            environ.get("LD_LIBRARY_PATH", ""),
        ]
        environ["LD_LIBRARY_PATH"] = ":".join(path for path in libraries if path)
    if not Path("/etc/fonts/fonts.conf").exists():
        environ["FONTCONFIG_PATH"] = str(_unpacked() / "fonts")
    return environ


CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--headless=shell",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
]

_UNPACK = """
const fs = require("fs"), zlib = require("zlib"), {pipeline} = require("stream");
const [from, to] = process.argv.slice(1);
pipeline(fs.createReadStream(from), zlib.createBrotliDecompress(), fs.createWriteStream(to), (error) => {
  if (error) { console.error(error.message); process.exit(1); }
});
"""

_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""


def _unpacked() -> Path:
    """Folder with the unpacked package; made under a name of its own, then moved into place."""
    package = _CHROMIUM / "package.json"
    if not package.exists():
        pytest.fail(
            "The test browser is missing: run `make test`, which installs it, or set CHROMIUM.",
            pytrace=False,
        )
    archive = _CHROMIUM / "bin"
    target = ROOT / ".cache" / f"chromium-{int((archive / 'chromium.br').stat().st_size)}"
    if target.is_dir():
        return target
    target.parent.mkdir(exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=target.parent, prefix=".chromium-"))
    try:
        _inflate(archive / "chromium.br", part / "chromium")
        (part / "chromium").chmod(0o755)
        for name in ("al2023", "fonts"):
            _inflate(archive / f"{name}.tar.br", part / f"{name}.tar")
            with tarfile.open(part / f"{name}.tar") as content:
                content.extractall(part / name, filter="data")
            (part / f"{name}.tar").unlink()
        (part / "fonts/fonts.conf").write_text(_FONTS.format(folder=target / "fonts"), encoding="utf-8")
        part.chmod(0o755)
        try:
            part.rename(target)
        except OSError:
            # Another worker was first; its copy is as good.
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _inflate(source: Path, target: Path) -> None:
    node = shutil.which("node", path=f"{ROOT / '.venv/bin'}:{os.environ.get('PATH', '')}")
    if node is None:
        pytest.fail("Node is missing: run `make test`, which installs it.", pytrace=False)
    subprocess.run([node, "-e", _UNPACK, str(source), str(target)], check=True, timeout=120)
