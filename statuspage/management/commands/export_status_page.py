"""Writes a page into a folder that any web server or CDN can serve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from statuspage.models import StatusBlob, StatusPage, StatusSnapshot
from statuspage.serving import mirror


class Command(BaseCommand):
    help = (
        "Writes the published files of a status page into a folder, compressed copies beside them. New and changed "
        "files are swapped in one by one, those that are gone are removed. Public pages only, unless --private."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("folder", type=Path)
        parser.add_argument("--private", action="store_true", help="also a page that is not for everybody")

    def handle(self, *args: Any, slug: str, folder: Path, private: bool, **options: Any) -> None:
        page = StatusPage.objects.filter(slug=slug).first()
        if page is None:
            raise CommandError(f"There is no status page “{slug}”.")
        if page.access != "public" and not private:
            raise CommandError("This page is not for everybody; --private writes it all the same.")
        if folder.exists() and not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        if (
            folder.is_dir()
            and any(folder.iterdir())
            and not (folder / "api" / "v2" / "status.json").is_file()
        ):
            raise CommandError(f"{folder} holds something that is no status page; choose an empty folder.")
        snapshot = StatusSnapshot.objects.filter(page=page, version=page.version).first()
        files = (snapshot.files or {}) if snapshot else {}
        rows = StatusBlob.objects.filter(page=page, digest__in={entry[0] for entry in files.values()})
        blobs = {row.digest: (bytes(row.body), bytes(row.gzip), bytes(row.brotli)) for row in rows}
        count = mirror.export({path: blobs[entry[0]] for path, entry in files.items()}, folder)
        self.stdout.write(f"{count} files of version {page.version} in {folder}.")
