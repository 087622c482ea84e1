"""What a measurement gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many per cent do not exceed; nan without values."""
    if not values:
        return float("nan")
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]


@dataclass
class Books:
    """What all tabs have seen since the window was opened. Times in seconds."""

    tokens: int = 0
    frames: int = 0
    begun: int = 0
    ended: int = 0
    lags: list[float] = field(default_factory=list)
    first_tokens: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Figures:
    """One window. CPU times are the processes' own, so what else the machine does disturbs them little.

    ``faults``: what went wrong for this crowd, from its beginning to its end.
    """

    streams: int
    seconds: float
    books: Books
    server_cpu: float
    client_cpu: float
    memory: int
    faults: Counter[str]

    @property
    def cpu_per_thousand(self) -> float:
        return self.server_cpu / self.books.tokens * 1000

    @property
    def client_cpu_per_thousand(self) -> float:
        return self.client_cpu / self.books.tokens * 1000

    @property
    def tokens_per_second(self) -> float:
        return self.books.tokens / self.seconds

    def lag(self, percent: float) -> float:
        """Milliseconds from the moment the model sent a token until a tab had it."""
        return percentile(self.books.lags, percent) * 1000

    def first_token(self, percent: float) -> float:
        """Milliseconds from sending a message until the first token was there. The model answers at once, so
        this is storing the message, asking the model, both ways, and whatever queues in between."""
        return percentile(self.books.first_tokens, percent) * 1000

    def __str__(self) -> str:
        books = self.books
        return (
            f"{self.streams} streams, {self.seconds:.1f} s: {self.cpu_per_thousand:.4f} CPU-s per 1,000 "
            f"tokens (client {self.client_cpu_per_thousand:.4f}), {self.tokens_per_second:,.0f} tokens/s in "
            f"{books.frames:,} frames, {books.begun} begun, {books.ended} ended, first token p50 "
            f"{self.first_token(50):.1f} p95 {self.first_token(95):.1f} ms, lag p50 {self.lag(50):.1f} p95 "
            f"{self.lag(95):.1f} ms, {self.memory / 1e6:.0f} MB, faults {dict(self.faults) or 'none'}"
        )
