from __future__ import annotations

from core.errors import Conflict


class EditedMeanwhile(Conflict):
    """Somebody changed the same lines. `base`: what the writer had read (None when it is not known any more),
    `theirs` and `version`: what is saved now, `mine`: the writer's own words."""

    code = "edited_meanwhile"
    sentence = (
        "Somebody has changed the same lines meanwhile. Compare both texts and save again; nothing is lost."
    )

    def __init__(self, *, base: str | None, theirs: str, version: int, mine: str) -> None:
        super().__init__()
        self.base, self.theirs, self.version, self.mine = base, theirs, version, mine
