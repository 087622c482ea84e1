"""Turns: what takes long in a thread is done by a few at a time, so that others are left for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.utils.functional import Promise

from chat.db import give_back
from chat.exceptions import StorageBusy


class Turns:
    """``at_once`` have their turn at a time; ``waiting`` more wait for theirs, so many ``seconds``.

    Each has a thread meanwhile: all ``Turns`` together have places for fewer than requests have threads.
    """

    def __init__(self, at_once: int, *, waiting: int = 0, seconds: float = 0) -> None:
        self.at_once, self.waiting, self.seconds = at_once, waiting, seconds
        self._places, self._turns = BoundedSemaphore(at_once + waiting), BoundedSemaphore(at_once)

    @contextmanager
    def turn(self, sentence: str | Promise) -> Iterator[None]:
        """Raises ``StorageBusy`` with the sentence for whom there is no place, or no turn in time. Nothing of
        the database is held while waiting."""
        with _held(self._places, 0, sentence):
            give_back()
            with _held(self._turns, self.seconds, sentence):
                yield


@contextmanager
def _held(some: BoundedSemaphore, seconds: float, sentence: str | Promise) -> Iterator[None]:
    if not some.acquire(timeout=seconds):
        raise StorageBusy(sentence)
    try:
        yield
    finally:
        some.release()
