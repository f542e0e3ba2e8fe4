"""Reading mail: charsets, HTML, and whatever is broken. Nothing raises, nothing takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.sources.base import PayloadError
from alerts.sources.email import check_settings
from alerts.sources.email.events import bare_subject, event
from alerts.sources.email.reading import plain_of, read


def mail(head: str, body: str = "", charset: str = "utf-8") -> bytes:
    return f"{head}\r\n\r\n{body}".replace("\r\n", "\n").replace("\n", "\r\n").encode(charset)


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("=?utf-8?q?Festplatte_voll_=E2=9A=A0?=", "Festplatte voll ⚠"),
        ("=?iso-8859-1?q?L=FCfter?= =?utf-8?b?IGF1cw==?=", "Lüfter aus"),
        ("Lüfter aus", "Lüfter aus"),
        ("=?unknown-8?q?L=C3=BCfter?=", "Lüfter"),
        ("=?utf-8?b?not base64!?=", "=?utf-8?b?not base64!?="),
        ("folded\r\n over lines", "folded over lines"),
        ("nul \x00 and \x1b[31m", "nul and [31m"),
        ("=?utf-8?q?Injected=0D=0ABcc=3A_x=40y?=", "Injected Bcc: x@y"),
        ("x" * 5000, "x" * 299 + "…"),
        ("", ""),
    ],
)
def test_subjects(raw: str, subject: str) -> None:
    assert read(mail(f"Subject: {raw}")).subject == subject


def test_the_plain_part_is_taken_before_the_html_one() -> None:
    body = (
        "--b\nContent-Type: text/html; charset=utf-8\n\n<p>Page</p>\n"
        "--b\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nL=FCfter\n"
        "--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=x.txt\n\nFile\n--b--\n"
    )
    found = read(mail('Content-Type: multipart/mixed; boundary="b"', body))
    assert found.text == "Lüfter"


def test_html_becomes_words() -> None:
    page = "<style>x{}</style><script>alert(1)</script><p>Disk &lt;b&gt; <b>full</b><br>on db1</p><!-- no -->"
    assert plain_of(page).split() == ["Disk", "<b>", "full", "on", "db1"]
    assert read(mail("Content-Type: text/html", page)).text == "Disk <b> full\non db1"


def test_ids_sender_and_date() -> None:
    found = read(
        mail(
            'From: "Nagios, db" <Nagios@Corp.Example>\nMessage-ID:  <a@b>\nReferences: <1@b> <2@b>\n'
            "In-Reply-To: <2@b>\nDate: Mon, 02 Mar 2026 10:00:00 +0100"
        ),
        "x@y",
    )
    assert (found.sender, found.sender_name, found.message_id, found.ids) == (
        "nagios@corp.example",
        "Nagios, db",
        "<a@b>",
        ("<1@b>", "<2@b>"),
    )
    assert found.date is not None
    assert found.date.isoformat() == "2026-03-02T09:00:00+00:00"
    for wrong in ("no date", "Mon, 99 Foo 2026", "Mon, 01 Jan 9999 00:00:00 +0000", ""):
        assert read(mail(f"Date: {wrong}")).date is None


_NESTED = "".join(f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(3000))
HOSTILE = {
    "many parts": mail(
        "Content-Type: multipart/mixed; boundary=b", "--b\nContent-Type: text/html\n\nx\n" * 10_000
    ),
    "deep parts": mail("Content-Type: multipart/mixed; boundary=b0", _NESTED),
    "forty deep, long": mail(
        "Content-Type: multipart/mixed; boundary=b0",
        "".join(f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(40))
        + "\n" * 200_000,
    ),
    "messages in messages": mail("Content-Type: message/rfc822", "Content-Type: message/rfc822\n\n" * 10_000),
    "long header": mail("Subject: " + "=?utf-8?q?a?= " * 30_000),
    "many headers": mail("\n".join(f"X-{n}: y" for n in range(40_000))),
    "many references": mail("References: " + "<a@b> " * 80_000),
    "open tags": mail("Content-Type: text/html", "<" * 400_000),
    "open comments": mail("Content-Type: text/html", "<!--" * 100_000),
    "open scripts": mail("Content-Type: text/html", "<script>" * 60_000),
    "many addresses": mail("From: " + "a@b, " * 60_000 + "(" * 20_000),
    "wrong base64": mail("Content-Transfer-Encoding: base64\nContent-Type: text/plain", "!!!" * 50_000),
    "wrong charset": mail("Content-Type: text/plain; charset=\x01nothing", "text"),
    "uu": mail("Content-Transfer-Encoding: x-uuencode", "begin 644 x\n" + "!" * 5000),
    "no head": b"\r\n" * 1000,
    "nothing": b"",
    "nul": b"\x00" * 100_000,
    "blank lines": mail("Subject: x", "\n \t" * 150_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_in_time(name: str) -> None:
    start = time.process_time()
    found = read(HOSTILE[name], "x@y")
    assert time.process_time() - start < 5
    assert len(found.text) <= 15_000
    assert "\x00" not in f"{found}"


headers = st.sampled_from(
    ["Subject", "From", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "References"]
)
values = st.text(max_size=60) | st.sampled_from(
    [
        "=?utf-8?b?!?=",
        "multipart/mixed; boundary=b",
        "text/html; charset*=x''%",
        "base64",
        "<a@b",
        '"',
        "message/rfc822",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    fields=st.lists(st.tuples(headers, values), max_size=6),
    body=st.binary(max_size=300),
    cut=st.integers(0, 400),
)
def test_nothing_raises(fields: list[tuple[str, str]], body: bytes, cut: int) -> None:
    head = "\r\n".join(f"{name}: {value}" for name, value in fields).encode("utf-8", "surrogatepass")
    found = read((head + b"\r\n\r\n--b\r\n" + body)[:cut] if cut % 2 else head + b"\r\n\r\n" + body)
    event(found, {"resolve": "ok", "key": "(x+)"})


@pytest.mark.parametrize("subject", ["Re: x", "RE[2]: Fwd: x", "AW: WG: x", "x"])
def test_answers_have_the_same_subject(subject: str) -> None:
    assert bare_subject(subject) == "x"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"resolve": "("}, "resolve"),
        ({"key": "(?<=x)y"}, "key"),
        ({"key": "x" * 301}, "key"),
        ({"senders": ["nobody"]}, "senders"),
        ({"senders": "a@b"}, "senders"),
        ({"senders": ["a@b.example"] * 101}, "senders"),
        ({"other": 1}, "other"),
    ],
)
def test_wrong_settings_are_named(given: dict[str, object], field: str) -> None:
    with pytest.raises(PayloadError) as refused:
        check_settings(given)
    assert list(refused.value.errors) == [field]
