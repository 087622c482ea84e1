"""The disk is full: who sends is told so, whoever reads is served, and nothing of it is lost."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import psutil
import pytest

from tests.harness.errors import no_errors
from tests.harness.page import Page
from tests.harness.scale import LATE, scaled
from tests.harness.server import Server
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = pytest.mark.fault
MEGABYTE = 1024 * 1024
FULL_SECONDS = scaled(60, 4)
RATE = 20
#: The errors that a log has then.
NO_ROOM = {"storage_busy", "beat_failed", "wake_failed", "reply_end_not_stored", "queue_failed"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for a small database."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> None:
    """To the last byte."""
    with (disk / "filler").open("ab", buffering=0) as file:
        for size in (MEGABYTE // 4, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(b"\0" * size)
    assert shutil.disk_usage(disk).free == 0


def make_room(disk: Path) -> None:
    (disk / "filler").unlink()


async def while_full(server: Server, begin: Callable[[], None], end: Callable[[], None], code: str) -> None:
    """People read and send while nothing can be stored, until that ends."""
    tokens = FULL_SECONDS * RATE // 2 + 10
    async with AsyncExitStack() as stack:
        earlier, reader, sender = [Page([server], "alice") for _ in range(3)]
        for page in (earlier, reader, sender):
            await stack.enter_async_context(page)
        earlier.ask("sim:tokens=50,seed=3")
        await earlier.ended()
        reader.ask(f"sim:tokens={tokens},rate={RATE},seed=1")
        await reader.wait(lambda: reader.known.text)
        await asyncio.to_thread(begin)
        begun = time.monotonic()
        sender.ask("sim:tokens=5,seed=2")
        await sender.wait(lambda: sender.refusals)
        refused = time.monotonic() - begun
        told = sender.refusals[0]
        assert (told["code"], told["ref"]) == (code, sender.id)
        assert told["message"].endswith("Your message waits here and is sent again.")
        await reader.wait(
            lambda: len(reader.known.text) == len(expected_text(tokens, 1)), within=FULL_SECONDS
        )
        path = f"/chat/conversations/{earlier.conversation}/messages"
        status, body = await asyncio.to_thread(server.get, path, session=server.people["alice"]["session"])
        assert status == 200
        assert len(body) > len(expected_text(50, 3))
        await asyncio.sleep(max(0, FULL_SECONDS - (time.monotonic() - begun)))
        assert (reader.known.status, sender.acknowledged) == ("", False)
        await asyncio.to_thread(end)
        room_at = time.monotonic()
        await sender.stored()
        stored = time.monotonic() - room_at
        await asyncio.gather(reader.ended(), sender.ended())
        ended = time.monotonic() - room_at
        assert reader.known.text == expected_text(tokens, 1)
        assert sender.known.text == expected_text(5, 2)
        for page in (earlier, reader, sender):
            assert page.known.status == "complete"
            assert server.text_of(page.reply) == ("complete", page.known.text)
        print(
            f"{code} for {FULL_SECONDS} s: refused after {refused:.2f} s; with room again: stored after "
            f"{stored:.1f} s, running reply ended after {ended:.1f} s"
        )
        assert max(stored, ended) <= 5 + LATE


def test_a_full_disk_is_said_and_everything_goes_on_when_there_is_room(
    simulator: SimulatorProcess, small_disk: Path, tmp_path: Path
) -> None:
    server = Server(small_disk / "data", simulator.url, database_url="")
    # Its log is not on that disk, and whole.
    (server.data / "server.log").symlink_to(tmp_path / "server.log")
    with server:
        with no_errors([server], but=NO_ROOM):
            asyncio.run(
                while_full(server, lambda: fill(small_disk), lambda: make_room(small_disk), "storage_full")
            )
        assert server.rows("PRAGMA integrity_check") == [("ok",)]


def test_what_cannot_be_written_is_kept_until_it_can(simulator: SimulatorProcess, tmp_path: Path) -> None:
    def limit(server: Server, size: int) -> None:
        assert server.process
        psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    with Server(tmp_path / "data", simulator.url, database_url="") as server:
        with no_errors([server], but=NO_ROOM):
            asyncio.run(
                while_full(
                    server,
                    lambda: limit(server, 4096),
                    lambda: limit(server, resource.RLIM_INFINITY),
                    "storage_busy",
                )
            )
        assert server.rows("PRAGMA integrity_check") == [("ok",)]
