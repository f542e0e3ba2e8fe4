"""Public holidays of a country or one of its regions, by the `holidays` package."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from oncall import rota

_FIRST_YEAR, _LAST_YEAR = 1970, 2200


class Region:
    """The public holidays of a region; `date in region` works for any year, each computed once."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __contains__(self, day: object) -> bool:
        return isinstance(day, dt.date) and day in _year(self.code, day.year)

    def name(self, day: dt.date) -> str:
        """What the day is called, "" for a day like others."""
        return _year(self.code, day.year).get(day, "")


@lru_cache(maxsize=512)
def region(code: str) -> Region:
    """The region of a code such as `DE` or `DE-BY`. Codes that are unknown or empty have no holidays."""
    return Region(code)


def check_region(code: str) -> str:
    """The code as it is stored; InvalidRota for the field `holiday_region` when there is no such region."""
    country, dash, part = code.strip().partition("-")
    supported = regions()
    country, wanted = country.upper(), part.upper()
    if country in supported:
        if not dash:
            return country
        for known in supported[country]:
            if known.upper() == wanted:
                return f"{country}-{known}"
    raise rota.InvalidRota(
        {"holiday_region": "must be a country such as DE, or a country and its part such as DE-BY"}
    )


@lru_cache(maxsize=1)
def regions() -> dict[str, tuple[str, ...]]:
    """Country code → codes of its parts that have holidays of their own. Only codes that can be stored."""
    import holidays  # takes long to load, and most processes need it never

    found = holidays.list_supported_countries(include_aliases=False)
    return {
        country: tuple(part for part in parts if len(f"{country}-{part}") <= 12)
        for country, parts in found.items()
        if len(country) == 2
    }


@lru_cache(maxsize=2048)
def _year(code: str, year: int) -> dict[dt.date, str]:
    if not code or not _FIRST_YEAR <= year <= _LAST_YEAR:
        return {}
    import holidays

    country, _dash, part = code.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=part or None, years=year)
    except (NotImplementedError, KeyError):
        # A later release of the package may have dropped a region.
        return {}
    return dict(found.items())
