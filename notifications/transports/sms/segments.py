"""How many text messages a text costs, and cutting it to what is meant to be spent.

GSM 03.38: 160 characters in one message, 153 in each of several; some characters take two places. One
character outside makes the whole text UCS-2: 70 and 67.
"""

from __future__ import annotations

MOST = 3
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_DOUBLE = frozenset("\f^{}\\[~]|€")
# Typographic signs with a plain twin: one of them would more than halve what fits.
_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-",
        "‐": "-", "‑": "-", "−": "-", "…": "...", "•": "*", "·": "-", "→": "->", "←": "<-", "×": "x",
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ", "`": "'",
    }
)  # fmt: skip


def plain(text: str) -> str:
    """The text with typographic signs put plainly."""
    return text.translate(_PLAIN)


def is_gsm(text: str) -> bool:
    """Whether every character is in the GSM alphabet."""
    return all(letter in _BASIC or letter in _DOUBLE for letter in text)


def places(text: str) -> int:
    """Septets of a GSM text, UTF-16 units of any other."""
    if is_gsm(text):
        return len(text) + sum(letter in _DOUBLE for letter in text)
    return len(text.encode("utf-16-le")) // 2


def segments(text: str) -> int:
    """How many messages the text costs."""
    single, several = (160, 153) if is_gsm(text) else (70, 67)
    count = places(text)
    return 1 if count <= single else -(-count // several)


def fitted(head: str, tail: str) -> str:
    """`head` and `tail` in at most three messages; the head is cut, the tail (what to do) stays whole."""
    head, tail = plain(head), plain(tail)
    whole = f"{head}\n{tail}" if tail else head
    if segments(whole) <= MOST:
        return whole
    low, high = 0, len(head)
    while low < high:
        middle = (low + high + 1) // 2
        if segments(_cut(head, middle, tail)) <= MOST:
            low = middle
        else:
            high = middle - 1
    return _cut(head, low, tail)


def _cut(head: str, length: int, tail: str) -> str:
    shortened = head[:length].rstrip() + "..."
    return f"{shortened}\n{tail}" if tail else shortened
