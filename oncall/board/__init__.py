"""The picture of a schedule: rows of blocks whose places are percentages of the window."""

from oncall.board.axis import DEFAULT_ZOOM, ZOOMS, window
from oncall.board.building import build, upcoming
from oncall.board.shapes import Block, Board, Day, Extras, Row

__all__ = [
    "DEFAULT_ZOOM",
    "ZOOMS",
    "Block",
    "Board",
    "Day",
    "Extras",
    "Row",
    "build",
    "upcoming",
    "window",
]
