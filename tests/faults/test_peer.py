"""The ``openai`` provider against a server that we did not write: LiteLLM's proxy with a mock model.

It is installed into an environment of its own, by its released version, and runs as a process on loopback.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.server import Server, environment, free_port
from tests.harness.tab import Tab

pytestmark = pytest.mark.peer

PACKAGE = "litellm[proxy]==1.106.2"
KEY = "sk-test-of-the-peer"
TEXT = "The tide **turns** twice a day.\n\n- 漲潮 comes in\n- 退潮 goes out 🌊\n\nThat is all.\n"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of LiteLLM's proxy, whose model always says ``TEXT``."""
    home = tmp_path_factory.mktemp("litellm")
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "--quiet", str(home / "venv")], check=True)
    python = str(home / "venv/bin/python")
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, PACKAGE], check=True)
    (home / "config.yaml").write_text(
        "model_list:\n"
        "  - model_name: tide\n"
        "    litellm_params: {model: openai/gpt-4o, api_key: none, mock_response: "
        f"{json.dumps(TEXT, ensure_ascii=False)}}}\n"
        f"general_settings: {{master_key: {KEY}}}\n"
    )
    port = free_port()
    with (home / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [
                str(home / "venv/bin/litellm"),
                "--config",
                "config.yaml",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
            ],
            cwd=home,
            env=environment(home, LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_TELEMETRY="False"),
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 90
        while not answers(f"http://127.0.0.1:{port}/health/liveliness"):
            assert process.poll() is None, (home / "log.txt").read_text()[-2000:]
            assert time.monotonic() < deadline, (home / "log.txt").read_text()[-2000:]
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def test_a_reply_streams_from_a_real_openai_compatible_server(proxy: str, tmp_path: Path) -> None:
    async def scene(server: Server) -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("When does the tide turn?")
            heard = await tab.ended(sent["message"]["reply"]["id"])
            assert (heard.status, heard.text) == ("complete", TEXT)
            deltas = [frame for frame in tab.frames if frame["type"] == "reply.delta"]
            assert len(deltas) > 1
            stored = server.rows("SELECT state, text, usage, finish_reason FROM chat_reply")
            state, text, usage, reason = stored[0]
            assert (state, text, reason) == ("complete", TEXT, "stop")
            assert '"completionTokens"' in usage
            again = await tab.send("And then?", conversation=sent["message"]["conversation"])
            assert (await tab.ended(again["message"]["reply"]["id"])).text == TEXT

    keys = {"COMPLETIONS_API_KEY": KEY, "COMPLETIONS_MODEL": "tide"}
    with Server(tmp_path / "data", proxy, **keys) as server:
        asyncio.run(scene(server))


def test_a_wrong_key_ends_with_a_code_and_says_nothing_of_the_key(proxy: str, tmp_path: Path) -> None:
    async def scene(server: Server) -> None:
        async with Tab(server, "alice") as tab:
            sent = await tab.send("Hello?")
            heard = await tab.ended(sent["message"]["reply"]["id"])
            assert (heard.status, heard.error) == ("failed", "upstream_error")

    keys = {"COMPLETIONS_API_KEY": "sk-wrong-and-secret", "COMPLETIONS_MODEL": "tide"}
    with Server(tmp_path / "data", proxy, **keys) as server:
        asyncio.run(scene(server))
        assert "wrong-and-secret" not in server.log
