"""What a person sees on the terminal: numbered steps, the programs' lines, one closing block."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

SETUP_STEPS = 4
START_STEPS = 6

_NAME_WIDTH = 9
_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92)
_LABEL_WIDTH = 42
_MOST_WAITING = 1000


class Console:
    """Writes whole lines at once and flushes each; goes silent when nobody reads any more.

    `total` is the number of steps; counting goes on after `done` earlier ones.
    """

    def __init__(self, stream: TextIO | None = None, *, total: int = 0, done: int = 0) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._colour = self._stream.isatty() and "NO_COLOR" not in os.environ
        self._total, self._done = total, done
        self._stepping = False
        self._waiting: deque[str] = deque(maxlen=_MOST_WAITING)
        self._closed = False
        self._names: dict[str, int] = {}

    def line(self, name: str, text: str) -> None:
        """One line of a program's output, behind its name; during a step it waits for the step's end."""
        colour = self._names.setdefault(name, _COLOURS[len(self._names) % len(_COLOURS)])
        shown = f"{name:<{_NAME_WIDTH}}│"
        self.say(f"\033[{colour}m{shown}\033[0m {text}" if self._colour else f"{shown} {text}")

    def say(self, text: str) -> None:
        if self._stepping:
            self._waiting.append(text)
        else:
            self._write(f"{text}\n")

    @contextmanager
    def step(self, label: str) -> Iterator[Step]:
        """Show a numbered step, and once it is done the seconds it took."""
        self._done += 1
        head = f"[{self._done}/{self._total}] "
        self._write(f"{head}{label:<{_LABEL_WIDTH - len(head)}} ")
        self._stepping = True
        step, began = Step(), time.monotonic()
        try:
            yield step
        except BaseException:
            self._end_step("")
            raise
        seconds = time.monotonic() - began
        self._end_step(f"{seconds:5.1f} s{f'  {step.note}' if step.note else ''}")

    def _end_step(self, text: str) -> None:
        self._stepping = False
        self._write(f"{text}\n")
        while self._waiting:
            self._write(f"{self._waiting.popleft()}\n")

    def _write(self, text: str) -> None:
        if self._closed:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._closed = True
            with suppress(OSError, ValueError):
                # What is still buffered must go somewhere when Python flushes at the end.
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


class Step:
    """A step under way: its `note` is shown behind the seconds."""

    def __init__(self) -> None:
        self.note = ""
