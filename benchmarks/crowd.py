"""Many tabs at one server, and the window in which they are measured."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress

from benchmarks.figures import Books, Figures
from benchmarks.tabs import Scenario, Tab
from benchmarks.targets import Target

CONNECTING_AT_ONCE = 20


class Crowd:
    def __init__(self, target: Target, scenario: Scenario) -> None:
        self.target, self.scenario = target, scenario
        self.books = Books()
        self.faults: Counter[str] = Counter()
        self.tabs: list[Tab] = []

    async def connect(self, count: int) -> list[Tab]:
        gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
        return list(await asyncio.gather(*(self._connect(gate) for _ in range(count))))

    async def _connect(self, gate: asyncio.Semaphore) -> Tab:
        loop = asyncio.get_running_loop()
        async with gate:
            tab = Tab(
                scenario=self.scenario,
                books=self.books,
                faults=self.faults,
                port=self.target.port,
                path=self.target.path,
                cookie=self.target.cookie(len(self.tabs)),
            )
            self.tabs.append(tab)
            await loop.create_connection(lambda: tab, "127.0.0.1", self.target.port)
            await asyncio.wait_for(tab.ready, 30)
        return tab

    async def grow_to(self, streams: int, *, within: float | None = None) -> None:
        """So many tabs ask without pause from now on."""
        await self.begin(await self.connect(streams - len(self.tabs)), within=within)

    async def begin(self, joining: list[Tab], *, within: float | None = None) -> None:
        """They ask for the first time one after the other, evenly over the time that one reply takes."""
        seconds = self.scenario.seconds if within is None else within
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number, tab in enumerate(joining):
            await asyncio.sleep(begun + seconds * number / len(joining) - loop.time())
            tab.ask()
        await asyncio.sleep(begun + seconds + 0.5 - loop.time())

    def open_books(self) -> Books:
        """New books for a window; returns them. What happens from now on is written there."""
        self.books = Books()
        for tab in self.tabs:
            tab.books = self.books
        return self.books

    async def measure(self, seconds: float) -> Figures:
        """Look for so long at what is going on. As each tab asks again at the end of a reply, a window of
        whole replies' lengths holds as many beginnings and ends as replies' worths of tokens."""
        books = self.open_books()
        begun, server, client = time.monotonic(), self.target.cpu(), time.process_time()
        await asyncio.sleep(seconds)
        figures = Figures(
            streams=len(self.tabs),
            seconds=time.monotonic() - begun,
            books=books,
            server_cpu=self.target.cpu() - server,
            client_cpu=time.process_time() - client,
            memory=self.target.memory(),
            faults=self.faults,
        )
        self.open_books()
        return figures

    async def finish(self, *, within: float = 60) -> None:
        """Nobody asks again; returns when the last reply has ended."""
        for tab in self.tabs:
            tab.asking = False
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await asyncio.gather(*(tab.quiet.wait() for tab in self.tabs))
        for tab in self.tabs:
            if not tab.quiet.is_set():
                self.faults["no end"] += 1
            tab.close()
        async with asyncio.timeout(30):
            await asyncio.gather(*(tab.gone.wait() for tab in self.tabs))
