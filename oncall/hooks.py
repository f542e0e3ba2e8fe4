"""Names that only higher apps know. They register a provider in `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable, Collection

from teams.actor import Actor

Names = Callable[[Collection[int], Actor], dict[int, str]]
Confidential = Callable[[int], bool]
_providers: dict[str, Names] = {}
_confidential: dict[str, Confidential] = {}


def register_names(prefix: str, provider: Names) -> None:
    """Set who names keys such as `service:7`, by id, in one statement; what the actor may not see is left out."""
    _providers[prefix] = provider


def names(prefix: str, keys: Collection[str], actor: Actor) -> dict[str, str]:
    """Key → name of those keys `<prefix>:<number>` that the actor may see."""
    provider = _providers.get(prefix)
    start = f"{prefix}:"
    numbers = (key.removeprefix(start) for key in keys if key.startswith(start))
    ids = {int(number) for number in numbers if number.isascii() and number.isdigit() and len(number) < 19}
    if provider is None or not ids:
        return {}
    return {f"{start}{pk}": name for pk, name in provider(ids, actor).items()}


def register_confidential(prefix: str, asked: Confidential) -> None:
    """Set who says of a number whether what it is about must not leave the house in words."""
    _confidential[prefix] = asked


def is_confidential(key: str) -> bool:
    """Whether title and text of what the key `<prefix>:<number>` names must not go to receivers outside."""
    prefix, _colon, number = key.partition(":")
    asked = _confidential.get(prefix)
    return asked is not None and number.isascii() and number.isdigit() and asked(int(number))
