"""What a model is shown of the files of a message: read from the database, seen in the request it gets."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.harness.server import Server
from tests.harness.tab import Frame, Tab
from tests.simulator.process import SimulatorProcess

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def server(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("data")
    with Server(data, simulator.url, COMPLETIONS_TAKES_IMAGES="true") as running:
        yield running


def uploaded(server: Server, filename: str, content: bytes | None, type: str = "other") -> str:
    """An upload of alice's, as a route will store it; without content its file is lost."""
    id, alice = uuid4(), UUID(server.people["alice"]["id"])
    path = f"attachments/{id}"
    if content is not None:
        (server.data / "media/attachments").mkdir(parents=True, exist_ok=True)
        (server.data / "media" / path).write_bytes(content)
    [(home,)] = server.rows("SELECT organization_id FROM chat_membership WHERE user_id = ?", alice.hex)
    server.execute(
        "INSERT INTO chat_attachment"
        " (id, organization_id, created_by, type, filename, file, size, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, CURRENT_TIMESTAMP)",
        id.hex,
        home,
        f"member:{alice}",
        type,
        filename,
        path,
        len(content or b""),
    )
    return str(id)


async def shown(
    tab: Tab, simulator: SimulatorProcess, content: str, attachments: list[str], **more: Any
) -> tuple[Frame, Any]:
    """The stored message, and the newest message of the person in the request that the model got."""
    id = str(uuid4())
    fields = {"id": id, "conversation": str(uuid4()), "content": content} | more
    await tab.say("send", attachments=attachments, **fields)
    message = (await tab.frame("message", ref=id))["message"]
    assert (await tab.ended(message["reply"]["id"])).status == "complete"
    return message, simulator.stats()["last_requests"][-1]["messages"][-1]["content"]


def test_an_image_goes_to_the_model_as_a_part_also_in_later_turns(
    server: Server, simulator: SimulatorProcess
) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            picture = uploaded(server, "sea.png", PNG, "image")
            message, content = await shown(tab, simulator, "What is it? sim:tokens=2", [picture])
            url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
            assert content == [
                {"type": "text", "text": "What is it? sim:tokens=2\n\n[Attached image: sea.png]"},
                {"type": "image_url", "image_url": {"url": url}},
            ]
            await shown(tab, simulator, "Sure? sim:tokens=2", [], conversation=message["conversation"])
            first = simulator.stats()["last_requests"][-1]["messages"][0]
            assert first["content"][1]["image_url"]["url"] == url

    asyncio.run(scene())


def test_a_message_of_a_picture_alone_is_asked(server: Server, simulator: SimulatorProcess) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            picture = uploaded(server, "sea.png", PNG, "image")
            _, content = await shown(tab, simulator, "", [picture])
            assert [part["type"] for part in content] == ["text", "image_url"]

    asyncio.run(scene())


def test_a_text_goes_as_text_and_of_the_rest_the_name(server: Server, simulator: SimulatorProcess) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            files = [
                uploaded(server, "tides.md", "# 漲潮\nTwice a day.".encode()),
                uploaded(server, "plan.pdf", b"%PDF-1.7"),
                uploaded(server, "not-an-image.png", b"<svg onload=alert(1)>", "image"),
                uploaded(server, "lost.png", None, "image"),
                uploaded(server, "long.txt", b"x" * 70_000),
                uploaded(server, "latin.txt", "é".encode("latin-1")),
            ]
            _, content = await shown(tab, simulator, "Read. sim:tokens=2", files)
            assert "Attached file tides.md:\n# 漲潮\nTwice a day." in content
            for name in ("plan.pdf", "not-an-image.png", "lost.png", "long.txt", "latin.txt"):
                assert f"[Attached file, of which you cannot see more than the name: {name}]" in content

    asyncio.run(scene())


def test_images_are_bounded_in_number_and_size(server: Server, simulator: SimulatorProcess) -> None:
    async def scene() -> None:
        async with Tab(server, "alice") as tab:
            files = [uploaded(server, "big.png", PNG + b"0" * 5_000_000, "image")]
            files += [uploaded(server, f"{number}.png", PNG, "image") for number in range(8)]
            _, content = await shown(tab, simulator, "Look. sim:tokens=2", files)
            text, *images = content
            # Half of what a context of 8192 leaves for the prompt.
            assert len(images) == text["text"].count("[Attached image: ") == 3
            assert text["text"].count("more than the name: ") == 6
            assert "more than the name: big.png" in text["text"]

    asyncio.run(scene())


def test_a_model_that_takes_no_images_is_told_their_names(
    simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def scene(server: Server) -> None:
        async with Tab(server, "alice") as tab:
            picture = uploaded(server, "sea.png", PNG, "image")
            _, content = await shown(tab, simulator, "What is it? sim:tokens=2", [picture])
            assert content.endswith("[Attached file, of which you cannot see more than the name: sea.png]")

    with Server(tmp_path_factory.mktemp("data"), simulator.url) as server:
        asyncio.run(scene(server))
