"""Turns that nobody serves, public holidays, planned empty hours, fixed layers and overlaps, by example."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from oncall.rota import (
    Crowd,
    Doubled,
    FixedLayer,
    InvalidRota,
    OnCall,
    Override,
    Restriction,
    Rotation,
    Shift,
    Stretch,
    crowds,
    doubled,
    empty_times,
    final_shifts,
    gaps,
    on_call_at,
    planned_empty,
    users_on_call,
    validate,
    validate_unstaffed,
)

BERLIN = ZoneInfo("Europe/Berlin")
ANA, BO, CY = 1, 2, 3


def rotation(starts_at: str, unit: str = "day", count: int = 1, **fields: Any) -> Rotation:
    fields.setdefault("members", ((ANA,), (BO,)))
    if "ends_at" in fields:
        fields["ends_at"] = datetime.fromisoformat(fields["ends_at"])
    return Rotation(fields.pop("id", 7), datetime.fromisoformat(starts_at), unit, count, **fields)  # type: ignore[arg-type]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def shown(start: datetime, end: datetime) -> str:
    return f"{start.astimezone(BERLIN):%d %H:%M}-{end.astimezone(BERLIN):%d %H:%M}"


def table(layers: list[Any], start: str, end: str, *overrides: Override) -> list[tuple[str, tuple[int, ...]]]:
    rows = final_shifts(layers, overrides, BERLIN, at(start), at(end))
    return [(shown(row.start, row.end), row.users) for row in rows]


def empty(
    layers: list[Any], start: str, end: str, *overrides: Override, unstaffed: tuple[Restriction, ...] = ()
) -> tuple[list[str], list[str]]:
    """(gaps, planned) as text; both questions on their own must agree with the joint one."""
    window = (overrides, BERLIN, at(start), at(end), unstaffed)
    found = empty_times(layers, *window)
    assert (gaps(layers, *window), planned_empty(layers, *window)) == (found.gaps, found.planned)
    return [shown(gap.start, gap.end) for gap in found.gaps], [
        shown(gap.start, gap.end) for gap in found.planned
    ]


NULL = rotation("2026-01-05T09:00", members=((ANA,), None, (BO,)))


def test_nobody_serves_a_null_turn_and_that_is_planned() -> None:
    assert table([NULL], "2026-01-05T09:00", "2026-01-08T09:00") == [
        ("05 09:00-06 09:00", (ANA,)),
        ("07 09:00-08 09:00", (BO,)),
    ]
    assert empty([NULL], "2026-01-05T09:00", "2026-01-09T00:00") == ([], ["06 09:00-07 09:00"])
    assert on_call_at([NULL], [], BERLIN, at("2026-01-06T12:00")) == OnCall(
        (),
        at("2026-01-06T09:00"),
        at("2026-01-07T09:00"),
        Shift(at("2026-01-07T09:00"), at("2026-01-08T09:00"), (BO,), "rotation", 7),
    )


def test_lower_layers_show_through_a_null_turn() -> None:
    below = rotation("2026-01-01T09:00", members=((CY,),), layer=0, ends_at="2026-01-06T12:00")
    above = rotation("2026-01-05T09:00", members=((ANA,), None), layer=1)
    assert table([below, above], "2026-01-05T09:00", "2026-01-07T10:00") == [
        ("05 09:00-06 09:00", (ANA,)),
        ("06 09:00-06 12:00", (CY,)),
        ("07 09:00-07 10:00", (ANA,)),
    ]
    assert empty([below, above], "2026-01-05T09:00", "2026-01-07T09:00") == ([], ["06 12:00-07 09:00"])


def test_a_turn_whose_people_left_stays_a_gap_even_beside_a_null_turn() -> None:
    left = rotation("2026-01-05T09:00", members=((ANA,), ()))
    assert empty([left], "2026-01-05T09:00", "2026-01-07T09:00") == (["06 09:00-07 09:00"], [])
    beside = rotation("2026-01-05T09:00", members=((BO,), None))
    assert empty([left, beside], "2026-01-05T09:00", "2026-01-07T09:00") == (["06 09:00-07 09:00"], [])


def test_somebody_taken_off_leaves_a_gap_whatever_lower_layers_plan() -> None:
    below, above = (
        rotation("2026-01-05T09:00", members=((ANA,), None)),
        rotation("2026-01-05T09:00", members=((CY,),), layer=1),
    )
    off = Override("remove", at("2026-01-06T10:00"), at("2026-01-06T12:00"), replaces=CY)
    assert empty([below, above], "2026-01-06T09:00", "2026-01-06T13:00", off) == (["06 10:00-06 12:00"], [])


def test_overrides_serve_a_null_turn() -> None:
    cover = Override("take_over", at("2026-01-06T10:00"), at("2026-01-06T12:00"), user=CY)
    assert table([NULL], "2026-01-06T09:00", "2026-01-07T09:00", cover) == [("06 10:00-06 12:00", (CY,))]
    assert empty([NULL], "2026-01-06T09:00", "2026-01-07T09:00", cover) == (
        [],
        ["06 09:00-06 10:00", "06 12:00-07 09:00"],
    )


HOLIDAYS = frozenset({date(2026, 1, 6), date(2026, 3, 29)})


@pytest.mark.parametrize(
    ("on_holidays", "rows", "planned"),
    [
        (
            "serve",
            [("05 09:00-06 09:00", (ANA,)), ("06 09:00-07 09:00", (BO,)), ("07 09:00-07 12:00", (ANA,))],
            [],
        ),
        (
            "skip",
            [("05 09:00-06 00:00", (ANA,)), ("07 00:00-07 09:00", (BO,)), ("07 09:00-07 12:00", (ANA,))],
            ["06 00:00-07 00:00"],
        ),
        ("only", [("06 00:00-06 09:00", (ANA,)), ("06 09:00-07 00:00", (BO,))], []),
    ],
)
def test_holidays_mask_from_midnight_to_midnight_and_never_shift_turns(
    on_holidays: str, rows: list[Any], planned: list[str]
) -> None:
    daily = rotation("2026-01-05T09:00", on_holidays=on_holidays, holidays=HOLIDAYS)
    assert table([daily], "2026-01-05T09:00", "2026-01-07T12:00") == rows
    assert empty([daily], "2026-01-05T09:00", "2026-01-07T12:00")[1] == planned


def test_a_holiday_layer_takes_over_where_another_skips() -> None:
    work = rotation("2026-01-05T09:00", id=1, on_holidays="skip", holidays=HOLIDAYS)
    feast = rotation("2026-01-01T00:00", id=2, members=((CY,),), on_holidays="only", holidays=HOLIDAYS)
    assert table([work, feast], "2026-01-05T20:00", "2026-01-07T08:00") == [
        ("05 20:00-06 00:00", (ANA,)),
        ("06 00:00-07 00:00", (CY,)),
        ("07 00:00-07 08:00", (BO,)),
    ]
    assert empty([work, feast], "2026-01-05T20:00", "2026-01-07T08:00") == ([], [])


def test_a_holiday_lasts_as_long_as_the_day_does_when_clocks_change() -> None:
    work = rotation("2026-03-01T00:00", on_holidays="skip", holidays=HOLIDAYS)
    found = empty_times([work], (), BERLIN, at("2026-03-28T12:00"), at("2026-03-30T12:00"))
    assert [(gap.end - gap.start).total_seconds() / 3600 for gap in found.planned] == [23.0]
    assert found.gaps == []


def test_with_listed_days_and_restrictions_only_what_would_be_served_is_planned() -> None:
    office = rotation(
        "2026-01-05T09:00",
        by_day=("mo", "tu"),
        restrictions=(Restriction(time(9), time(17)),),
        on_holidays="skip",
        holidays=HOLIDAYS,
    )
    assert table([office], "2026-01-05T00:00", "2026-01-07T00:00") == [("05 09:00-05 17:00", (ANA,))]
    assert empty([office], "2026-01-05T00:00", "2026-01-07T00:00") == (
        ["05 00:00-05 09:00", "05 17:00-06 09:00", "06 17:00-07 00:00"],
        ["06 09:00-06 17:00"],
    )


def test_unstaffed_hours_are_no_gaps() -> None:
    office = rotation("2026-01-05T00:00", restrictions=(Restriction(time(8), time(17)),))
    nights = (Restriction(time(18), time(8)), Restriction(time(0), time(0), ("sa", "su")))
    assert empty([office], "2026-01-08T00:00", "2026-01-11T00:00", unstaffed=nights) == (
        ["08 17:00-08 18:00", "09 17:00-09 18:00"],
        ["08 00:00-08 08:00", "08 18:00-09 08:00", "09 18:00-10 08:00", "10 17:00-11 00:00"],
    )
    assert validate_unstaffed(nights) == {}
    assert list(validate_unstaffed((Restriction(time(8), time(17), ("xx",)),))) == ["unstaffed_hours"]


FIXED = FixedLayer(
    (
        Stretch(at("2026-01-05T08:00"), at("2026-01-05T20:00"), ANA),
        Stretch(at("2026-01-05T18:00"), at("2026-01-06T08:00"), BO),
    ),
    layer=1,
)


def test_a_fixed_layer_takes_part_as_a_rotation_does() -> None:
    below = rotation("2026-01-05T00:00", members=((CY,),), ends_at="2026-01-06T12:00")
    assert table([below, FIXED], "2026-01-05T06:00", "2026-01-06T18:00") == [
        ("05 06:00-05 08:00", (CY,)),
        ("05 08:00-05 18:00", (ANA,)),
        ("05 18:00-05 20:00", (ANA, BO)),
        ("05 20:00-06 08:00", (BO,)),
        ("06 08:00-06 12:00", (CY,)),
    ]
    row = final_shifts([FIXED], (), BERLIN, at("2026-01-05T09:00"), at("2026-01-05T10:00"))
    assert row == [Shift(at("2026-01-05T09:00"), at("2026-01-05T10:00"), (ANA,), "rotation", None)]
    assert empty([FIXED], "2026-01-05T08:00", "2026-01-06T09:00") == (["06 08:00-06 09:00"], [])
    assert users_on_call([below, FIXED], (), BERLIN, at("2026-01-05T19:00")) == (ANA, BO)
    assert on_call_at([FIXED], (), BERLIN, at("2026-01-05T09:00")).until == at("2026-01-05T18:00")


def test_turns_of_equal_layers_meet_where_they_show_through() -> None:
    one, two = (
        rotation("2026-01-05T00:00", id=1, members=((ANA,),)),
        rotation("2026-01-05T00:00", id=2, members=((BO,),), restrictions=(Restriction(time(8), time(12)),)),
    )
    hiding = rotation(
        "2026-01-05T00:00", id=3, layer=5, members=((CY,),), restrictions=(Restriction(time(10), time(11)),)
    )
    found = crowds([one, two, hiding], BERLIN, at("2026-01-05T00:00"), at("2026-01-06T00:00"))
    assert found == [
        Crowd(at("2026-01-05T08:00"), at("2026-01-05T10:00"), (1, 2), (ANA, BO)),
        Crowd(at("2026-01-05T11:00"), at("2026-01-05T12:00"), (1, 2), (ANA, BO)),
    ]
    assert crowds([one, hiding], BERLIN, at("2026-01-05T00:00"), at("2026-01-06T00:00")) == []


def test_one_person_in_two_schedules_at_once() -> None:
    def row(start: int, end: int, *users: int) -> Shift:
        return Shift(at(f"2026-01-05T{start:02}:00"), at(f"2026-01-05T{end:02}:00"), users, "rotation", None)

    shifts = {
        1: [row(0, 8, ANA), row(8, 16, BO)],
        2: [row(4, 6, ANA, BO), row(6, 12, ANA), row(12, 20, BO)],
        3: [row(5, 7, ANA)],
    }
    assert doubled(shifts) == [
        Doubled(at("2026-01-05T04:00"), at("2026-01-05T05:00"), ANA, (1, 2)),
        Doubled(at("2026-01-05T05:00"), at("2026-01-05T07:00"), ANA, (1, 2, 3)),
        Doubled(at("2026-01-05T07:00"), at("2026-01-05T08:00"), ANA, (1, 2)),
        Doubled(at("2026-01-05T12:00"), at("2026-01-05T16:00"), BO, (1, 2)),
    ]
    assert doubled({1: [row(0, 8, ANA)], 2: [row(8, 9, ANA)]}) == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"members": ((ANA,), ())}, "members"),
        ({"members": (None, None)}, "members"),
        ({"members": ()}, "members"),
        ({"members": ((ANA,), 5)}, "members"),
        ({"on_holidays": "maybe"}, "on_holidays"),
    ],
)
def test_what_may_not_be_saved(fields: dict[str, Any], wrong: str) -> None:
    assert list(validate(rotation("2026-01-05T09:00", **fields))) == [wrong]
    assert validate(NULL) == {}


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(InvalidRota):
        gaps(
            [rotation("2026-01-05T09:00", on_holidays="maybe")],
            (),
            BERLIN,
            at("2026-01-05T09:00"),
            at("2026-01-06T09:00"),
        )
