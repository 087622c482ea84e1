"""The file at which processes that write into one SQLite database queue (``chat.writers``)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.server import ROOT, Server


@pytest.mark.parametrize("usable", [True, False])
def test_without_it_what_is_written_is_written_all_the_same(tmp_path: Path, usable: bool) -> None:
    queue = tmp_path / "data" / "parley.sqlite3-queue"
    idle = Server(tmp_path / "data", database_url="")
    if not usable:
        queue.unlink(missing_ok=True)
        queue.mkdir()  # nobody can open it for writing, not even root
    try:
        command = [sys.executable, "-m", "tests.harness.writers", "2", "3"]
        subprocess.run(command, cwd=ROOT, env=idle.variables, check=True, stdout=subprocess.DEVNULL)
        assert idle.rows("SELECT count(*) FROM chat_message WHERE type = 'incoming'") == [(6,)]
    finally:
        idle.__exit__()
    assert queue.is_file() == usable
    if usable:
        assert queue.stat().st_mode & 0o777 == 0o600
