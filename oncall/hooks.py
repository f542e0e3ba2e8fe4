"""Names that only higher apps know. They register a provider in `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable, Collection

from teams.actor import Actor

Names = Callable[[Collection[int], Actor], dict[int, str]]
_providers: dict[str, Names] = {}


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
