"""The table: the product beside the relays, in one run, as Markdown, and what it is held to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.session import Round
from benchmarks.targets import PRODUCT

HEAD = (
    "server on one core",
    "CPU-s per 1,000 tokens at 100 × 20/s",
    "× aiohttp",
    "× framework",
    "most tokens/s",
    "first token p50 / p95, ms",
    "lag p95 at 100 / 300, ms",
    "streams held",
    "memory at 100, MB",
)


@dataclass
class Result:
    """The rounds of one target."""

    key: str
    name: str
    rounds: list[Round] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)

    @property
    def cpu(self) -> float:
        return median(one.few.cpu_per_thousand for one in self.rounds)

    @property
    def fastest(self) -> float:
        return median(one.unpaced.tokens_per_second for one in self.rounds)

    @property
    def megabytes(self) -> float:
        return median(one.few.memory for one in self.rounds) / 1e6

    def first_token(self, percent: float) -> float:
        return median(one.few.first_token(percent) for one in self.rounds)

    @property
    def lags(self) -> tuple[float, float]:
        """p95 with few and with many streams."""
        return median(one.few.lag(95) for one in self.rounds), median(one.many.lag(95) for one in self.rounds)

    @property
    def held(self) -> int | None:
        """Looked for in one round only."""
        return next((one.held for one in self.rounds if one.held is not None), None)

    @property
    def faults(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for one in self.rounds:
            for figures in (one.few, one.many, one.unpaced):
                found += figures.faults
        return dict(found)


Results = dict[str, Result]


def markdown(results: Results) -> str:
    return rows(HEAD, [cells(result, results) for result in results.values()])


def rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cells(result: Result, results: Results) -> list[str]:
    return [
        result.name,
        f"{result.cpu:.3f}",
        ratio(result, results.get("bare")),
        ratio(result, results.get("framework")),
        f"{result.fastest:,.0f}",
        f"{result.first_token(50):.1f} / {result.first_token(95):.1f}",
        f"{result.lags[0]:.1f} / {result.lags[1]:.1f}",
        "" if result.held is None else f"{result.held:,}",
        f"{result.megabytes:.0f}",
    ]


def ratio(result: Result, other: Result | None) -> str:
    return f"{result.cpu / other.cpu:.2f}" if other else ""


def budgets(results: Results) -> str:
    """What the product is held to on whatever it keeps its data in, each with what was measured."""
    return "\n\n".join(judged(results[key], results) for key in PRODUCT if key in results)


def judged(result: Result, results: Results) -> str:
    verdicts = [
        *relative(result, results.get("framework"), "relay on the same frameworks", 1.5),
        *relative(result, results.get("bare"), "aiohttp relay", 2.0),
        *absolute(result),
    ]
    return f"{result.name}\n{verdict_lines(verdicts)}"


def verdict_lines(verdicts: Sequence[tuple[bool, str]]) -> str:
    return "\n".join(f"{'pass' if passed else 'MISS'}  {text}" for passed, text in verdicts)


def relative(result: Result, other: Result | None, name: str, most: float) -> list[tuple[bool, str]]:
    if other is None:
        return []
    times = result.cpu / other.cpu
    return [(times <= most, f"CPU per token at most {most} × the {name}: {times:.2f}")]


def absolute(result: Result) -> list[tuple[bool, str]]:
    p50, p95 = result.first_token(50), result.first_token(95)
    few, many = result.lags
    lines = [
        (p50 <= 10, f"first token p50 at most 10 ms: {p50:.1f}"),
        (p95 <= 30, f"first token p95 at most 30 ms: {p95:.1f}"),
        (few < 10, f"lag p95 at 100 streams below 10 ms: {few:.1f}"),
        (many < 50, f"lag p95 at 300 streams below 50 ms: {many:.1f}"),
        (result.fastest >= 40_000, f"at least 40,000 tokens/s unpaced: {result.fastest:,.0f}"),
        (result.megabytes < 150, f"memory at 100 streams below 150 MB: {result.megabytes:.0f}"),
        (not result.faults, f"nothing lost: {result.faults or 'nothing'}"),
    ]
    if result.held is not None:
        lines.insert(0, (result.held >= 600, f"600 streams held: {result.held}"))
    if result.idle:
        idle = median(result.idle) / 1024
        lines.append((idle <= 40, f"an idle socket at most 40 KB: {idle:.1f}"))
    return lines
