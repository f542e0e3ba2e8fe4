"""Which files are taken as evidence, and what of them is kept."""

from __future__ import annotations

import io

import pytest

from core.errors import InvalidInput
from incidents.evidence import MAX_FILE, Evidence, Upload, file_name, inspect
from incidents.images import NotAPicture, read_picture
from tests.incidents.pictures import SECRET, gif, jpeg, png, webp


def taken(name: str, content: bytes) -> Evidence:
    return inspect(Upload(name, len(content), io.BytesIO(content)))


def refusal(name: str, content: bytes, size: int | None = None) -> str:
    with pytest.raises(InvalidInput) as refused:
        inspect(Upload(name, len(content) if size is None else size, io.BytesIO(content)))
    assert list(refused.value.fields) == ["files"]
    return refused.value.fields["files"][0]


@pytest.mark.parametrize(
    ("name", "content", "kind", "size"),
    [
        ("a.png", png(), "image/png", (3, 2)),
        ("a.jpg", jpeg(), "image/jpeg", (4, 3)),
        ("a.gif", gif(), "image/gif", (5, 4)),
        ("a.webp", webp(), "image/webp", (6, 5)),
        ("picture.exe", png(), "image/png", (3, 2)),
    ],
    ids=["png", "jpeg", "gif", "webp", "other name"],
)
def test_pictures_are_known_by_their_bytes(
    name: str, content: bytes, kind: str, size: tuple[int, int]
) -> None:
    found = taken(name, content)
    assert (found.kind, found.content_type, (found.width, found.height)) == ("image", kind, size)
    again = read_picture(found.content)
    assert again is not None
    assert again.content == found.content
    assert (again.width, again.height) == size


@pytest.mark.parametrize(
    "content",
    [
        png(extra=SECRET),
        png(tail=SECRET + b"<script>alert(1)</script>"),
        jpeg(orientation=6),
        jpeg(tail=b"PK\x03\x04" + SECRET),
        gif(),
        webp(),
    ],
    ids=["png text", "png tail", "jpeg", "jpeg tail", "gif", "webp"],
)
def test_nothing_but_the_picture_is_kept(content: bytes) -> None:
    """Places, comments and a second file behind the end, by which one file is two things."""
    kept = taken("a", content).content
    assert SECRET not in kept
    assert b"<script>" not in kept
    assert b"PK\x03\x04" not in kept


def test_a_jpeg_keeps_which_way_is_up() -> None:
    kept = taken("a.jpg", jpeg(orientation=6)).content
    assert b"Exif\0\0MM\0\x2a" in kept
    assert read_picture(kept) is not None
    assert b"Exif" not in taken("a.jpg", jpeg(orientation=1)).content
    assert b"\x12\xff\x00\x34\xff\xd0\x56\xff\xd9" in kept


@pytest.mark.parametrize("make", [png, jpeg, gif, webp])
def test_a_picture_cut_off_anywhere_is_refused_and_never_an_error(make: object) -> None:
    whole = make()  # type: ignore[operator]  # one of the four above
    for length in range(13, len(whole)):
        try:
            read_picture(whole[:length])
        except NotAPicture:
            continue


def test_damage_is_refused_in_words() -> None:
    assert refusal("shot.png", png()[:40]) == "“shot.png” is a damaged picture."
    assert "is a damaged picture" in refusal("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 50)
    assert "is a damaged picture" in refusal("a.png", png(width=0))
    assert "megapixels" in refusal("a.png", png(width=10_000, height=10_000))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "is SVG"),
        ("a.txt", b"<?xml version='1.0'?>\n<svg onload='alert(1)'>", "is SVG"),
        ("a.html", b"plain words", "is HTML"),
        ("a.log", b"  <!DOCTYPE html><p>", "is HTML"),
        ("a.log", b"<ScRiPt >alert(1)</script>", "is HTML"),
        ("a.pdf", b"%PDF-1.7", "is PDF"),
        ("notes.txt", b"%PDF-1.7", "is PDF"),
        ("a.exe", b"MZ\x90\0\x03\0\0\0", "is neither a picture"),
        ("a.txt", b"one\0two", "is neither a picture"),
        ("a.bin", bytes(range(128, 256)) * 20, "is neither a picture"),
        ("a.txt", b"", "is empty"),
    ],
)
def test_what_is_no_evidence(name: str, content: bytes, words: str) -> None:
    assert words in refusal(name, content)


def test_too_large_is_refused_by_its_size_and_by_its_bytes() -> None:
    assert "larger than 10 MB" in refusal("a.log", b"x", size=MAX_FILE + 1)
    assert "larger than 10 MB" in refusal("a.log", b"x" * (MAX_FILE + 1), size=5)
    assert taken("a.log", b"x" * MAX_FILE).size == MAX_FILE


def test_texts_are_kept_as_utf_8_with_their_first_lines() -> None:
    log = "\n".join(f"line {number}" for number in range(100))
    found = taken("a.log", log.encode())
    assert (found.kind, found.content_type, found.content) == (
        "log",
        "text/plain; charset=utf-8",
        log.encode(),
    )
    assert found.head.splitlines() == [f"line {number}" for number in range(12)]
    assert taken("a.txt", "Größe".encode("utf-16")).content.decode() == "Größe"
    assert taken("a.txt", b"caf\xe9 " + b"plain words " * 3).content.decode().startswith("caf\ufffd ")
    assert len(taken("a.txt", b"y" * 100_000).head) <= 1500


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\shot.png", "shot.png"),
        ("/", "file"),
        ("..", "file"),
        ("", "file"),
        ("a\r\nSet-Cookie: x.png", "aSet-Cookie: x.png"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("x" * 400, "x" * 199 + "…"),
    ],
)
def test_names_are_names_and_no_paths(given: str, kept: str) -> None:
    assert file_name(given) == kept
