"""What lists cost by the API where there is much to list: the hundredth page beside the first one, and all of
a chatbot's records as an Excel workbook."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from statistics import median
from threading import Event, Thread

import openpyxl
import psutil
import requests

from benchmarks.table import rows
from benchmarks.targets import Parley

CONVERSATIONS, MESSAGES = 10_000, 100
#: Results of a page, and the page that is compared with the first one.
SIZE, FAR = 50, 100
#: Each figure of a page is of so many requests for it, in turns with those for the other page.
TIMES = 40
#: What we allow: milliseconds of CPU for a page of conversations, the far page over the first one, and the
#: seconds and bytes of an export.
PAGE_CPU, RATIO = 12, 1.5
EXPORT_SECONDS, EXPORT_MEMORY = 60, 200_000_000
#: When a request is given up.
SECONDS = 300
MEGABYTE = 1e6


@dataclass(frozen=True)
class Page:
    """``milliseconds`` until the answer had come; ``cpu``: of these the server's process had, not the
    database's."""

    milliseconds: float
    cpu: float


@dataclass(frozen=True)
class Pages:
    """Of one list."""

    name: str
    first: Page
    far: Page

    @property
    def ratio(self) -> float:
        return self.far.milliseconds / self.first.milliseconds


@dataclass(frozen=True)
class Export:
    """``memory``: the most bytes that the process which writes it has had; ``records``: those that a reader
    finds in it."""

    records: int
    seconds: float
    memory: int
    size: int


@dataclass
class Lists:
    database: str
    pages: list[Pages] = field(default_factory=list)
    export: Export | None = None


def lists(target: Parley, conversations: int, messages: int, far: int = FAR) -> Lists:
    """Of so many conversations with so many messages each, stored before the server starts."""
    chatbot = json.loads(target.run("-m", "benchmarks.archives", str(conversations), str(messages)))
    with target:
        api = Api(target)
        found = Lists(target.name)
        for name, path, numbered in (
            ("conversations", "conversations/", False),
            ("messages", "messages/", False),
            ("messages, by number", "messages/", True),
        ):
            first = f"{path}?pageSize={SIZE}"
            other = f"{first}&page={far}" if numbered else api.page(first, far)
            found.pages.append(api.compared(name, first, other))
        found.export = api.export(chatbot)
    return found


class Api:
    """Alice's key, and the books of the server that it opens."""

    def __init__(self, target: Parley) -> None:
        self._target = target
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Api-Key {target.server.people['alice']['key']}"

    def get(self, path: str) -> requests.Response:
        answer = self._session.get(f"{self._target.server.origin}/api/{path}", timeout=SECONDS)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer

    def page(self, path: str, number: int) -> str:
        """The address of the page with this number, which only the page before it knows."""
        for _ in range(number - 1):
            following = self.get(path).json()["next"]
            path = following.removeprefix(f"{self._target.server.origin}/api/")
        return path

    def compared(self, name: str, first: str, far: str) -> Pages:
        """In turns, so that whatever else the machine does disturbs both alike."""
        taken: dict[str, list[tuple[float, float]]] = {first: [], far: []}
        for _ in range(TIMES):
            for path, times in taken.items():
                times.append(self.timed(path))
        return Pages(name, page_of(taken[first]), page_of(taken[far]))

    def timed(self, path: str) -> tuple[float, float]:
        before, begun = self._target.cpu(), time.perf_counter()
        self.get(path)
        return time.perf_counter() - begun, self._target.cpu() - before

    def export(self, chatbot: str) -> Export:
        begun = time.perf_counter()
        with watched(self._target.process) as peaks:
            workbook = self.get(f"chatbots/{chatbot}/records/export-excel/").content
        seconds = time.perf_counter() - begun
        return Export(records_in(workbook), seconds, max(peaks.values(), default=0), len(workbook))


def page_of(times: list[tuple[float, float]]) -> Page:
    """The system counts a process's time in hundredths of a second, so only the sum of it says something."""
    return Page(
        median(milliseconds for milliseconds, _ in times) * 1000,
        sum(cpu for _, cpu in times) / len(times) * 1000,
    )


@contextmanager
def watched(process: psutil.Process) -> Iterator[dict[int, int]]:
    """The most memory that each child of the process has had, by its pid, from now until the block ends."""
    peaks: dict[int, int] = {}
    over = Event()

    def watch() -> None:
        while not over.wait(0.05):
            for child in process.children():
                peaks[child.pid] = max(peaks.get(child.pid, 0), peak(child.pid))

    watching = Thread(target=watch)
    watching.start()
    try:
        yield peaks
    finally:
        over.set()
        watching.join()


def peak(pid: int) -> int:
    """As the system keeps it, so nothing is missed between two looks. 0 for a child that has not begun to
    write: for a moment each is a copy of the server, and has the server's."""
    process = Path("/proc", str(pid))
    with suppress(OSError):
        if b"export_process" in (process / "cmdline").read_bytes():
            lines = (process / "status").read_text().splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    return 0


def records_in(workbook: bytes) -> int:
    """Opened and read to its end."""
    opened = openpyxl.load_workbook(BytesIO(workbook), read_only=True)
    titles, *records = (row[:1] for row in opened.worksheets[0].iter_rows(values_only=True))
    assert titles == ("ID",), titles
    return len({id for (id,) in records})


def pages_table(found: list[Lists]) -> str:
    head = ("database", "list", "CPU, page 1", "CPU, page 100", "page 1, ms", "page 100, ms", "ratio")
    return rows(
        head,
        [
            (
                one.database,
                pages.name,
                *(f"{page.cpu:.1f}" for page in (pages.first, pages.far)),
                *(f"{page.milliseconds:.1f}" for page in (pages.first, pages.far)),
                f"{pages.ratio:.2f}",
            )
            for one in found
            for pages in one.pages
        ],
    )


def exports_table(found: list[Lists]) -> str:
    return rows(
        ("database", "records", "seconds", "memory, MB", "file, MB"),
        [
            (
                one.database,
                f"{export.records:,}",
                f"{export.seconds:.1f}",
                f"{export.memory / MEGABYTE:.0f}",
                f"{export.size / MEGABYTE:.1f}",
            )
            for one in found
            if (export := one.export)
        ],
    )


def verdicts(found: list[Lists]) -> list[tuple[bool, str]]:
    """Whether each of what we allow was kept, and what was measured."""
    lines = []
    for one in found:
        cpu = one.pages[0].first.cpu
        lines.append((cpu <= PAGE_CPU, f"{one.database}: {cpu:.1f} ms of CPU for {SIZE} conversations"))
        for pages in one.pages:
            said = f"{one.database}: page {FAR} of {pages.name} takes {pages.ratio:.2f} x page 1"
            lines.append((pages.ratio <= RATIO, said))
        if export := one.export:
            kept = export.seconds <= EXPORT_SECONDS and export.memory <= EXPORT_MEMORY
            said = (
                f"{export.seconds:.0f} s and {export.memory / MEGABYTE:.0f} MB for {export.records:,} records"
            )
            lines.append((kept, f"{one.database}: {said}"))
    return lines
