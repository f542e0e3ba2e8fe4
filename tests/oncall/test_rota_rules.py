"""Each rule of a schedule, by example."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from oncall.rota import (
    Gap,
    InvalidRota,
    InvalidWindow,
    OnCall,
    Override,
    Restriction,
    Rotation,
    Shift,
    final_shifts,
    gaps,
    load_zone,
    on_call_at,
    users_on_call,
    validate,
    validate_override,
)

BERLIN = ZoneInfo("Europe/Berlin")
ANA, BO, CY, DEE = 1, 2, 3, 4


def rotation(starts_at: str, unit: str = "day", count: int = 1, **fields: Any) -> Rotation:
    for name in ("serves_from", "ends_at"):
        if name in fields:
            fields[name] = datetime.fromisoformat(fields[name])
    fields.setdefault("members", ((ANA,), (BO,), (CY,)))
    return Rotation(fields.pop("id", 7), datetime.fromisoformat(starts_at), unit, count, **fields)  # type: ignore[arg-type]


def window(starts: str, ends: str, *days: str) -> Restriction:
    return Restriction(time.fromisoformat(starts), time.fromisoformat(ends), days)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def override(kind: str, starts_at: str, ends_at: str, **fields: Any) -> Override:
    return Override(kind, at(starts_at), at(ends_at), **fields)  # type: ignore[arg-type]


def table(
    rotations: list[Rotation], start: str, end: str, *overrides: Override, zone: ZoneInfo = BERLIN
) -> list[tuple[str, str, tuple[int, ...]]]:
    """Rows as (local start, local end, users)."""
    return [
        (f"{row.start.astimezone(zone):%m-%d %H:%M}", f"{row.end.astimezone(zone):%m-%d %H:%M}", row.users)
        for row in final_shifts(rotations, overrides, zone, at(start, zone), at(end, zone))
    ]


def test_daily_turns_go_round_and_are_cut_at_the_window() -> None:
    assert table([rotation("2026-01-01T09:00")], "2026-01-02T00:00", "2026-01-05T00:00") == [
        ("01-02 00:00", "01-02 09:00", (ANA,)),
        ("01-02 09:00", "01-03 09:00", (BO,)),
        ("01-03 09:00", "01-04 09:00", (CY,)),
        ("01-04 09:00", "01-05 00:00", (ANA,)),
    ]


def test_two_weeks_make_one_turn() -> None:
    assert table([rotation("2026-01-05T09:00", "week", 2)], "2026-01-18T00:00", "2026-02-03T00:00") == [
        ("01-18 00:00", "01-19 09:00", (ANA,)),
        ("01-19 09:00", "02-02 09:00", (BO,)),
        ("02-02 09:00", "02-03 00:00", (CY,)),
    ]


def test_a_month_without_that_day_uses_its_last_and_the_next_one_has_it_again() -> None:
    assert table([rotation("2026-01-31T08:00", "month")], "2026-01-31T08:00", "2026-04-01T00:00") == [
        ("01-31 08:00", "02-28 08:00", (ANA,)),
        ("02-28 08:00", "03-31 08:00", (BO,)),
        ("03-31 08:00", "04-01 00:00", (CY,)),
    ]


def test_hours_are_wall_clock_hours_both_ways() -> None:
    eight = rotation("2026-03-28T00:00", "hour", 8)
    assert table([eight], "2026-03-29T00:00", "2026-03-29T16:00") == [
        ("03-29 00:00", "03-29 08:00", (ANA,)),
        ("03-29 08:00", "03-29 16:00", (BO,)),
    ]
    spring, autumn = rotation("2026-03-29T00:00", "hour"), rotation("2026-10-25T00:00", "hour")
    assert [
        (row.start.hour, row.end.hour, row.users)
        for row in final_shifts([spring], [], BERLIN, at("2026-03-29T01:00"), at("2026-03-29T05:00"))
    ] == [(0, 1, (BO,)), (1, 2, (ANA,)), (2, 3, (BO,))]
    assert [
        (row.start.hour, row.end.hour, row.users)
        for row in final_shifts([autumn], [], BERLIN, at("2026-10-25T02:00"), at("2026-10-25T05:00"))
    ] == [(0, 2, (CY,)), (2, 3, (ANA,)), (3, 4, (BO,))]


def test_a_missing_wall_time_moves_to_the_first_that_exists_on_that_day_only() -> None:
    assert table([rotation("2026-03-27T02:30")], "2026-03-28T00:00", "2026-03-31T00:00") == [
        ("03-28 00:00", "03-28 02:30", (ANA,)),
        ("03-28 02:30", "03-29 03:00", (BO,)),
        ("03-29 03:00", "03-30 02:30", (CY,)),
        ("03-30 02:30", "03-31 00:00", (ANA,)),
    ]


def test_an_ambiguous_wall_time_means_its_first_occurrence() -> None:
    rows = final_shifts(
        [rotation("2026-10-24T02:30")], [], BERLIN, at("2026-10-25T00:00"), at("2026-10-26T00:00")
    )
    assert [row.start for row in rows] == [
        datetime(2026, 10, 24, 22, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("zone", "day", "starts", "handoff"),
    [
        ("Australia/Lord_Howe", "2026-10-04", "02:15", datetime(2026, 10, 3, 15, 30)),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", datetime(2026, 4, 4, 14, 45)),
        ("Pacific/Chatham", "2026-09-27", "03:00", datetime(2026, 9, 26, 14, 0)),
        ("Pacific/Chatham", "2026-04-05", "03:30", datetime(2026, 4, 4, 13, 45)),
        ("Asia/Kathmandu", "2026-04-05", "02:30", datetime(2026, 4, 4, 20, 45)),
        ("Asia/Kolkata", "2026-04-05", "02:30", datetime(2026, 4, 4, 21, 0)),
        ("Pacific/Apia", "2011-12-30", "09:00", datetime(2011, 12, 30, 10, 0)),
    ],
)
def test_handoffs_in_unusual_zones(zone: str, day: str, starts: str, handoff: datetime) -> None:
    place = ZoneInfo(zone)
    daily = rotation(f"{day[:4]}-01-01T{starts}", members=((ANA,), (BO,)))
    middle = handoff.replace(tzinfo=UTC)
    rows = final_shifts([daily], [], place, middle - timedelta(hours=6), middle + timedelta(hours=6))
    assert [row.start for row in rows] == [middle - timedelta(hours=6), middle]


def test_by_day_with_unit_day_counts_only_listed_days() -> None:
    weekdays = rotation("2026-01-03T09:00", by_day=("mo", "we", "fr"), count=2)
    assert table([weekdays], "2026-01-05T00:00", "2026-01-15T00:00") == [
        ("01-05 09:00", "01-06 09:00", (ANA,)),
        ("01-07 09:00", "01-08 09:00", (ANA,)),
        ("01-09 09:00", "01-10 09:00", (BO,)),
        ("01-12 09:00", "01-13 09:00", (BO,)),
        ("01-14 09:00", "01-15 00:00", (CY,)),
    ]


def test_by_day_with_unit_week_changes_at_week_start() -> None:
    weekend = rotation("2026-01-07T18:00", "week", by_day=("sa", "su"), week_start="su")
    assert table([weekend], "2026-01-10T00:00", "2026-01-19T00:00") == [
        ("01-10 18:00", "01-11 18:00", (ANA,)),
        ("01-11 18:00", "01-12 18:00", (BO,)),
        ("01-17 18:00", "01-18 18:00", (BO,)),
        ("01-18 18:00", "01-19 00:00", (CY,)),
    ]


def test_by_day_with_unit_month_changes_on_the_first() -> None:
    fridays = rotation("2026-01-20T09:00", "month", by_day=("fr",))
    assert [row[2] for row in table([fridays], "2026-01-20T00:00", "2026-03-07T12:00")] == [
        *[(ANA,)] * 2,
        *[(BO,)] * 4,
        (CY,),
    ]


def test_a_listed_day_runs_through_the_restrictions_that_begin_on_it() -> None:
    nights = rotation("2026-01-05T00:00", by_day=("fr", "sa"), restrictions=(window("22:00", "06:00"),))
    assert table([nights], "2026-01-08T00:00", "2026-01-12T00:00") == [
        ("01-09 22:00", "01-10 06:00", (ANA,)),
        ("01-10 22:00", "01-11 06:00", (BO,)),
    ]


def test_listed_days_whose_windows_overlap_both_serve() -> None:
    both = rotation(
        "2026-01-05T00:00",
        by_day=("mo", "tu"),
        restrictions=(window("22:00", "06:00", "mo"), window("05:00", "09:00", "tu")),
    )
    assert table([both], "2026-01-05T00:00", "2026-01-07T00:00") == [
        ("01-05 22:00", "01-06 05:00", (ANA,)),
        ("01-06 05:00", "01-06 06:00", (ANA, BO)),
        ("01-06 06:00", "01-06 09:00", (BO,)),
    ]


def test_restrictions_mask_across_midnight_and_never_shift_turns() -> None:
    masked = rotation(
        "2026-01-01T00:00", restrictions=(window("22:00", "02:00", "fr"), window("09:00", "17:00"))
    )
    assert table([masked], "2026-01-02T00:00", "2026-01-04T00:00") == [
        ("01-02 09:00", "01-02 17:00", (BO,)),
        ("01-02 22:00", "01-03 00:00", (BO,)),
        ("01-03 00:00", "01-03 02:00", (CY,)),
        ("01-03 09:00", "01-03 17:00", (CY,)),
    ]


def test_a_restriction_that_ends_when_it_begins_lasts_24_hours() -> None:
    saturdays = rotation("2026-01-01T00:00", "week", restrictions=(window("10:00", "10:00", "sa"),))
    assert table([saturdays], "2026-01-01T00:00", "2026-01-08T00:00") == [
        ("01-03 10:00", "01-04 10:00", (ANA,))
    ]


def test_serves_from_and_ends_at_bound_the_service_and_keep_the_turns() -> None:
    bounded = rotation("2026-01-01T09:00", serves_from="2026-01-02T12:00", ends_at="2026-01-03T12:00")
    early = rotation("2026-01-03T09:00", serves_from="2026-01-01T09:00", ends_at="2026-01-03T10:00")
    assert table([bounded], "2026-01-01T00:00", "2026-01-09T00:00") == [
        ("01-02 12:00", "01-03 09:00", (BO,)),
        ("01-03 09:00", "01-03 12:00", (CY,)),
    ]
    assert table([early], "2026-01-01T00:00", "2026-01-09T00:00") == [
        ("01-01 09:00", "01-02 09:00", (BO,)),
        ("01-02 09:00", "01-03 09:00", (CY,)),
        ("01-03 09:00", "01-03 10:00", (ANA,)),
    ]


def test_a_higher_layer_hides_lower_ones_only_while_it_serves() -> None:
    office = rotation(
        "2026-01-01T00:00", members=((DEE,),), restrictions=(window("09:00", "17:00"),), layer=2, id=8
    )
    base = rotation("2026-01-01T00:00", "week", layer=1)
    assert final_shifts([base, office], [], BERLIN, at("2026-01-02T00:00"), at("2026-01-02T20:00")) == [
        Shift(at("2026-01-02T00:00"), at("2026-01-02T09:00"), (ANA,), "rotation", 7),
        Shift(at("2026-01-02T09:00"), at("2026-01-02T17:00"), (DEE,), "rotation", 8),
        Shift(at("2026-01-02T17:00"), at("2026-01-02T20:00"), (ANA,), "rotation", 7),
    ]


def test_equal_layers_add_up() -> None:
    one, two = rotation("2026-01-01T00:00", "week"), rotation("2026-01-01T00:00", members=((DEE, ANA),), id=8)
    assert final_shifts([one, two], [], BERLIN, at("2026-01-02T00:00"), at("2026-01-03T00:00")) == [
        Shift(at("2026-01-02T00:00"), at("2026-01-03T00:00"), (ANA, DEE), "rotation", None)
    ]


def test_a_turn_of_nobody_is_a_gap_and_lets_lower_layers_serve() -> None:
    left = rotation("2026-01-01T00:00", members=((ANA,), ()), layer=1)
    assert table([left], "2026-01-01T00:00", "2026-01-04T00:00") == [
        ("01-01 00:00", "01-02 00:00", (ANA,)),
        ("01-03 00:00", "01-04 00:00", (ANA,)),
    ]
    below = rotation("2026-01-01T00:00", members=((DEE,),), id=8)
    assert [row[2] for row in table([left, below], "2026-01-01T00:00", "2026-01-04T00:00")] == [
        (1,),
        (4,),
        (1,),
    ]


DAY = ("2026-01-01T00:00", "2026-01-02T00:00")


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([("take_over", {"user": DEE})], (DEE,)),
        ([("take_over", {"user": CY, "created": 2}), ("take_over", {"user": DEE, "created": 1})], (CY,)),
        ([("replace", {"user": CY, "replaces": ANA})], (BO, CY)),
        ([("replace", {"user": CY, "replaces": DEE})], (ANA, BO)),
        (
            [
                ("replace", {"user": CY, "replaces": ANA}),
                ("replace", {"user": DEE, "replaces": CY, "created": 1}),
            ],
            (BO, DEE),
        ),
        (
            [
                ("replace", {"user": CY, "replaces": ANA}),
                ("replace", {"user": DEE, "replaces": ANA, "created": 1}),
            ],
            (BO, DEE),
        ),
        (
            [
                ("replace", {"user": CY, "replaces": ANA}),
                ("replace", {"user": ANA, "replaces": BO, "created": 1}),
                ("replace", {"user": DEE, "replaces": ANA, "created": 2}),
            ],
            (DEE,),
        ),
        ([("remove", {"replaces": ANA})], (BO,)),
        ([("remove", {"replaces": ANA}), ("remove", {"replaces": BO})], ()),
        ([("add", {"user": CY}), ("add", {"user": DEE})], (ANA, BO, CY, DEE)),
        ([("add", {"user": CY}), ("remove", {"replaces": CY, "created": 1})], (ANA, BO, CY)),
        (
            [
                ("add", {"user": ANA}),
                ("remove", {"replaces": ANA}),
                ("replace", {"user": DEE, "replaces": CY}),
                ("take_over", {"user": CY, "created": 9}),
            ],
            (ANA, DEE),
        ),
    ],
)
def test_overrides(overrides: list[tuple[str, dict[str, Any]]], expected: tuple[int, ...]) -> None:
    pair = rotation("2026-01-01T00:00", members=((ANA, BO),))
    made = [override(kind, *DAY, **fields) for kind, fields in overrides]
    assert users_on_call([pair], made, BERLIN, at("2026-01-01T12:00")) == expected


def test_overrides_apply_half_open_and_in_gaps_and_name_their_source() -> None:
    ending = rotation("2026-01-01T00:00", ends_at="2026-01-02T00:00")
    cover = override("take_over", "2026-01-01T20:00", "2026-01-02T04:00", user=DEE)
    same = override("add", "2026-01-01T00:00", "2026-01-01T20:00", user=ANA)
    assert final_shifts([ending], [cover, same], BERLIN, at("2026-01-01T00:00"), at("2026-01-03T00:00")) == [
        Shift(at("2026-01-01T00:00"), at("2026-01-01T20:00"), (ANA,), "rotation", 7),
        Shift(at("2026-01-01T20:00"), at("2026-01-02T04:00"), (DEE,), "override", None),
    ]


def test_gaps_are_what_shifts_leave() -> None:
    office = rotation("2026-01-01T00:00", restrictions=(window("09:00", "17:00"),))
    assert gaps([office], [], BERLIN, at("2026-01-02T10:00"), at("2026-01-03T12:00")) == [
        Gap(at("2026-01-02T17:00"), at("2026-01-03T09:00"))
    ]
    assert gaps([], [], BERLIN, at("2026-01-02T10:00"), at("2026-01-03T12:00")) == [
        Gap(at("2026-01-02T10:00"), at("2026-01-03T12:00"))
    ]


def test_on_call_says_since_when_until_when_and_who_is_next() -> None:
    weekly = rotation("2026-01-05T09:00", "week")
    assert on_call_at([weekly], [], BERLIN, at("2026-01-14T12:00")) == OnCall(
        (BO,),
        at("2026-01-12T09:00"),
        at("2026-01-19T09:00"),
        Shift(at("2026-01-19T09:00"), at("2026-01-26T09:00"), (CY,), "rotation", 7),
    )


def test_the_next_shift_is_whole_when_the_handoff_is_near() -> None:
    weekly = rotation("2026-01-05T09:00", "week")
    following = Shift(at("2026-01-19T09:00"), at("2026-01-26T09:00"), (CY,), "rotation", 7)
    assert on_call_at([weekly], [], BERLIN, at("2026-01-19T08:59")).next == following


def test_on_call_in_a_gap_and_without_any_change() -> None:
    office = rotation("2026-01-01T00:00", members=((ANA,),), restrictions=(window("09:00", "17:00"),))
    morning = Shift(at("2026-01-03T09:00"), at("2026-01-03T17:00"), (ANA,), "rotation", 7)
    assert on_call_at([office], [], BERLIN, at("2026-01-02T20:00")) == OnCall(
        (), at("2026-01-02T17:00"), at("2026-01-03T09:00"), morning
    )
    assert on_call_at([], [], BERLIN, at("2026-01-02T20:00")) == OnCall((), None, None, None)
    alone = rotation("2026-01-01T00:00", members=((ANA,),))
    assert on_call_at([alone], [], BERLIN, at("2026-01-02T20:00")) == OnCall(
        (ANA,), at("2026-01-01T00:00"), None, None
    )
    ending = rotation("2026-01-01T00:00", members=((ANA,),), ends_at="2026-06-01T00:00")
    assert on_call_at([ending], [], BERLIN, at("2026-01-02T20:00")).until == at("2026-06-01T00:00")


def test_validate_collects_every_fault() -> None:
    wrong = Rotation(
        1,
        datetime(2026, 1, 1, tzinfo=UTC),
        "fortnight",  # type: ignore[arg-type]
        0,
        (),
        serves_from=datetime(1, 1, 1),
        by_day=("monday",),
        week_start="x",
        restrictions=(Restriction(time(9, tzinfo=UTC), time(10)),),
        layer=10**9,
    )
    assert set(validate(wrong)) == {
        "starts_at",
        "serves_from",
        "unit",
        "members",
        "by_day",
        "week_start",
        "restrictions",
        "layer",
    }
    with pytest.raises(InvalidRota) as caught:
        final_shifts([wrong], [], BERLIN, at("2026-01-01T00:00"), at("2026-01-02T00:00"))
    assert set(caught.value.errors) == set(validate(wrong))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"count": 0}, "count"),
        ({"unit": "month", "count": 10**9}, "count"),
        ({"unit": "hour", "by_day": ("mo",)}, "by_day"),
        ({"by_day": ("mo", "mo")}, "by_day"),
        ({"members": ((ANA,), ())}, "members"),
        ({"members": ((ANA, ANA),)}, "members"),
        ({"members": (("1",),)}, "members"),
        ({"ends_at": "2026-01-01T00:00"}, "ends_at"),
        ({"restrictions": (window("09:00", "10:00"),) * 25}, "restrictions"),
        ({"starts_at": "9999-12-31T00:00"}, "starts_at"),
    ],
)
def test_validate_names_the_field(fields: dict[str, Any], field: str) -> None:
    assert list(validate(rotation(**{"starts_at": "2026-01-01T00:00", **fields}))) == [field]


def test_a_sound_rotation_and_override_have_no_faults() -> None:
    assert validate(rotation("2026-01-01T00:00", restrictions=(window("22:00", "06:00", "mo"),))) == {}
    assert validate_override(override("replace", *DAY, user=ANA, replaces=BO)) == {}


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("swap", {"user": ANA}, "kind"),
        ("take_over", {}, "user"),
        ("add", {}, "user"),
        ("replace", {"user": ANA}, "replaces"),
        ("replace", {"user": ANA, "replaces": ANA}, "replaces"),
        ("remove", {}, "replaces"),
        ("remove", {"user": ANA, "replaces": BO}, "user"),
    ],
)
def test_validate_override_names_the_field(kind: str, fields: dict[str, Any], field: str) -> None:
    assert list(validate_override(override(kind, *DAY, **fields))) == [field]


def test_an_override_must_end_after_it_starts_and_have_a_zone() -> None:
    assert list(validate_override(override("add", *reversed(DAY), user=ANA))) == ["ends_at"]
    assert list(validate_override(Override("add", datetime(2026, 1, 1), at(DAY[1]), user=ANA))) == [
        "starts_at"
    ]


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (datetime(2026, 1, 1), at("2026-01-02T00:00"), "from"),
        (at("2026-01-02T00:00"), at("2026-01-01T00:00"), "to"),
        (at("2026-01-01T00:00"), at("2027-02-06T00:00"), "to"),
        (datetime(1, 1, 1, tzinfo=UTC), at("2026-01-01T00:00"), "from"),
    ],
)
def test_windows_are_bounded(start: datetime, end: datetime, field: str) -> None:
    with pytest.raises(InvalidWindow) as caught:
        final_shifts([], [], BERLIN, start, end)
    assert list(caught.value.errors) == [field]


def test_400_days_and_an_empty_window_are_fine() -> None:
    start = at("2026-01-01T00:00")
    assert final_shifts([], [], BERLIN, start, start + timedelta(days=400)) == []
    assert final_shifts([rotation("2026-01-01T00:00")], [], BERLIN, start, start) == []


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "America", "\x00"])
def test_an_unknown_zone_is_a_fault_of_the_timezone(name: str) -> None:
    with pytest.raises(InvalidRota) as caught:
        load_zone(name)
    assert list(caught.value.errors) == ["timezone"]
