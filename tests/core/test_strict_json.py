"""JSON from strangers: what is refused, what is cleaned."""

from __future__ import annotations

import time

import orjson
import pytest

from core.strict_json import MAX_DEPTH, BadJSON, loads


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"1e999",
        b'"\\ud800"',
        b'"\\udc00x"',
        b'"\xff"',
        b"{'a': 1}",
        b"[1,]",
    ],
)
def test_what_is_no_json_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(BadJSON, match=r"^The body is not valid JSON: .+ at position \d+\.$"):
        loads(body)


@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_bounded(pair: tuple[bytes, bytes]) -> None:
    opening, closing = pair
    inner = b"1"
    loads(opening * MAX_DEPTH + inner + closing * MAX_DEPTH)
    with pytest.raises(BadJSON, match="deeper than 64"):
        loads(opening * (MAX_DEPTH + 1) + inner + closing * (MAX_DEPTH + 1))


def test_brackets_inside_text_do_not_count() -> None:
    text = 'a"\\' + "[{" * 500
    assert loads(orjson.dumps([text])) == [text]


def test_what_a_hostile_body_costs_grows_with_its_length_alone() -> None:
    def cost(length: int) -> float:
        body = b'["' + b"\\\\" * 13 * length + b'",' + b"[],{}," * 4 * length + b"1]"
        spent = []
        for _again in range(3):
            started = time.process_time()
            loads(body)
            spent.append(time.process_time() - started)
        return min(spent)

    assert cost(10_000) < 12 * cost(2_500)


def test_what_postgres_cannot_hold_is_removed() -> None:
    assert loads(b'{"a\\u0000": ["b\\u0000c\\u0007\\u007f", {"\\u0001": "\\n\\t"}]}') == {
        "a": ["bc", {"": "\n\t"}]
    }


def test_numbers_beyond_64_bits_become_text() -> None:
    body = b"[18446744073709551615, 18446744073709551616, -9223372036854775808, -1e30, 1.5, true]"
    found = loads(body)
    assert found == [2**64 - 1, "1.8446744073709552e+19", -(2**63), "-1e+30", 1.5, True]


def test_of_duplicate_keys_the_last_counts() -> None:
    assert loads(b'{"a": 1, "a": 2}') == {"a": 2}
