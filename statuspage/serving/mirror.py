"""The pages as files below `WATCHBILL_DATA/status/`: served when the database is gone, and by any web server.

`pages/<slug>/current/` is what the public may read, compressed neighbours (`.gz`, `.br`) beside each file;
`private/<slug>/current/` is for nobody but this program. `current` is swapped in one step. `hosts.json` says
which domain shows which page.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
import structlog

log = structlog.get_logger("watchbill.status")

# slug → what is known about it
HOSTS = "hosts.json"
_ENDINGS = ("", ".gz", ".br")
_KEPT = 2

Bytes = tuple[bytes, bytes, bytes]


@dataclass(frozen=True)
class Kept:
    """A page as it was last taken over. `id`: its public id, so that another page of the same address is told
    apart. `digest`: of what the version holds. `files`: path → (as it is, gzip, Brotli)."""

    slug: str
    id: str
    version: int
    digest: str
    domain: str | None
    access: str
    files: Mapping[str, Bytes]


def write(folder: Path, page: Kept) -> None:
    """Mirror a version; another process of this host may have done so already."""
    home = _home(folder, page.slug, page.access)
    name = f"v{page.version}-{page.id}-{page.digest[:12]}"
    # First of all: what is not for everybody any more is on no web server, even when the disk is full.
    other = _home(folder, page.slug, "signed_in" if page.access == "public" else "public")
    shutil.rmtree(other, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    if not (home / name).is_dir():
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=home))
        try:
            _fill(part, page.files, _current(home))
            part.chmod(0o755 if page.access == "public" else 0o700)
            part.rename(home / name)
        except OSError:
            shutil.rmtree(part, ignore_errors=True)
            if not (home / name).is_dir():
                raise
    _point(home, name)
    _tidy(home, name)


def forget(folder: Path, slug: str) -> None:
    """A page that is gone is served no longer."""
    for kind in ("pages", "private"):
        shutil.rmtree(folder / kind / slug, ignore_errors=True)


def write_hosts(folder: Path, pages: Mapping[str, dict[str, object]]) -> None:
    """slug → {id, version, digest, domain, access}; in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / HOSTS, orjson.dumps(pages))


def stamp(folder: Path) -> int:
    """Another number whenever the mirror has been written since; 0 without one."""
    try:
        return (folder / HOSTS).stat().st_mtime_ns
    except OSError:
        return 0


def read(folder: Path) -> Iterator[Kept]:
    """What was served last; what cannot be read is left out and said."""
    try:
        index = orjson.loads((folder / HOSTS).read_bytes())
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        log.warning("the mirrored list of status pages cannot be read", error=str(error))
        return
    for slug, about in index.items():
        try:
            home = _home(folder, slug, about["access"]) / "current"
            files = {path: _three(home / path) for path in _paths(home)}
            if files:
                yield Kept(
                    slug,
                    about["id"],
                    about["version"],
                    about.get("digest", ""),
                    about["domain"],
                    about["access"],
                    files,
                )
        except (OSError, KeyError, TypeError) as error:
            log.warning("a mirrored status page cannot be read", slug=slug, error=str(error)[:200])


def export(files: Mapping[str, Bytes], target: Path) -> int:
    """Write a page into a folder for any web server: new and changed files in one step each, gone ones removed.

    The number of files, without their compressed neighbours.
    """
    target.mkdir(parents=True, exist_ok=True)
    wanted = {f"{path}{ending}" for path in files for ending in _ENDINGS}
    for path, three in files.items():
        for ending, content in zip(_ENDINGS, three, strict=True):
            to = target / f"{path}{ending}"
            to.parent.mkdir(parents=True, exist_ok=True)
            if not to.is_file() or to.read_bytes() != content:
                _replace(to, content)
    for found in sorted(target.rglob("*"), reverse=True):
        if found.is_file() and found.relative_to(target).as_posix() not in wanted:
            found.unlink()
        elif found.is_dir() and not any(found.iterdir()):
            found.rmdir()
    return len(files)


def _home(folder: Path, slug: str, access: str) -> Path:
    return folder / ("pages" if access == "public" else "private") / slug


def _current(home: Path) -> Path | None:
    found = home / "current"
    return found if found.is_dir() else None


def _fill(part: Path, files: Mapping[str, Bytes], before: Path | None) -> None:
    """Write every file; one that is as it was becomes a link to the same bytes."""
    for path, three in files.items():
        to = part / path
        to.parent.mkdir(parents=True, exist_ok=True)
        old = before / path if before else None
        same = old is not None and old.is_file() and _digest(old.read_bytes()) == _digest(three[0])
        for ending, content in zip(_ENDINGS, three, strict=True):
            link = Path(f"{old}{ending}")
            if same and link.is_file():
                os.link(link, f"{to}{ending}")
            else:
                Path(f"{to}{ending}").write_bytes(content)


def _point(home: Path, name: str) -> None:
    link = home / f".current-{os.getpid()}-{name}"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    link.replace(home / "current")


def _tidy(home: Path, present: str) -> None:
    try:
        versions = sorted(home.glob("v*"), key=lambda path: path.stat().st_mtime, reverse=True)
    except FileNotFoundError:
        # Another process of this host is tidying.
        return
    for path in [row for row in versions if row.name != present][_KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _replace(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as part:
            part.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _paths(home: Path) -> Iterator[str]:
    for path in home.rglob("*"):
        if path.is_file() and path.suffix not in (".gz", ".br"):
            yield path.relative_to(home).as_posix()


def _three(path: Path) -> Bytes:
    return path.read_bytes(), Path(f"{path}.gz").read_bytes(), Path(f"{path}.br").read_bytes()


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
