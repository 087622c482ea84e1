"""Files of visitors: sent with their token, with the first one before anything is stored of them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import requests

from tests.harness.guest import SHOP, Guest, set_web_chat, signed
from tests.harness.scene import run
from tests.harness.server import Server
from tests.harness.teammate import answer
from tests.media import samples


def upload(guest: Guest, token: str, *, site: str = SHOP, **headers: str) -> tuple[int, Any]:
    answer = requests.post(
        f"{guest.server.origin}/web-chats/{guest.web_chat}/attachments",
        files={"file": ("sea.png", samples.png())},
        headers={"Parley-Site": site, "Authorization": f"Visitor {token}", **headers},
        timeout=10,
    )
    assert "Set-Cookie" not in answer.headers
    return answer.status_code, answer.json()


def download(file: dict[str, Any]) -> bytes:
    return requests.get(file["file"], timeout=10).content


async def send(guest: Guest, *files: str) -> str:
    """Returns the message's id; what comes of it is in the frames."""
    id = str(uuid4())
    await guest.say("send", id=id, conversation=str(uuid4()), content="", attachments=files)
    return id


def visitors(server: Server) -> int:
    [(count,)] = server.rows("SELECT count(*) FROM chat_visitor")
    return int(count)


def test_the_first_message_may_have_a_file_and_makes_its_sender_known(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server) as guest:
            before = visitors(server)
            first = (await guest.frame("ready"))["token"]
            status, file = upload(guest, first)
            assert status == 201, file
            assert visitors(server) == before
            id = await send(guest, file["id"])
            [attached] = (await guest.frame("message", ref=id))["message"]["attachments"]
            assert attached == file
            assert visitors(server) == before + 1
            assert download(attached) == samples.png()
            # Known now, by the same token.
            status, another = upload(guest, guest.token)
            assert status == 201
            id = await send(guest, another["id"])
            await guest.frame("message", ref=id)

    run(scene())


def test_a_visitor_who_comes_back_before_the_first_message_is_the_one_who_sent_the_file(
    server: Server,
) -> None:
    async def scene() -> None:
        async with Guest(server) as guest:
            first = (await guest.frame("ready"))["token"]
            _, file = upload(guest, first)
        async with Guest(server, token=first) as again:
            id = await send(again, file["id"])
            assert (await again.frame("message", ref=id))["message"]["attachments"] == [file]

    run(scene())


def test_where_identity_is_enforced_a_signed_newcomer_attaches_and_nobody_else(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server) as stranger:
            before = (await stranger.frame("ready"))["token"]
        set_web_chat(server, stranger.web_chat, identity_enforced=True)
        try:
            status, refusal = upload(stranger, before)
            assert (status, refusal["code"]) == (403, "identity_required")
            # Who they are is said now: the token that they come back with was told to a stranger.
            async with Guest(server, token=before, identity=signed(server, "attaches")) as guest:
                status, file = upload(guest, (await guest.frame("ready"))["token"])
                assert status == 201, file
                id = await send(guest, file["id"])
                assert (await guest.frame("message", ref=id))["message"]["attachments"] == [file]
        finally:
            set_web_chat(server, stranger.web_chat, identity_enforced=False)

    run(scene())


def test_nobody_else_sends_a_visitors_file(server: Server) -> None:
    elsewhere = server.people["charlie"]["webChat"]

    async def scene() -> None:
        async with (
            Guest(server) as guest,
            Guest(server) as other,
            Guest(server, web_chat=elsewhere) as stranger,
        ):
            _, file = upload(guest, (await guest.frame("ready"))["token"])
            for one in (other, stranger):
                id = await send(one, file["id"])
                assert (await one.frame("error", ref=id))["code"] == "not_found"
            id = await send(guest, file["id"])
            await guest.frame("message", ref=id)
            id = await send(guest, file["id"])
            assert (await guest.frame("error", ref=id))["code"] == "not_found"

    run(scene())


def test_a_first_token_counts_only_in_its_web_chat_and_on_its_site(server: Server) -> None:
    async def scene() -> None:
        async with (
            Guest(server) as guest,
            Guest(server, web_chat=server.people["charlie"]["webChat"]) as stranger,
        ):
            first = (await guest.frame("ready"))["token"]
            for asked in (
                upload(stranger, first),
                upload(guest, first, site="https://other.example"),
                upload(guest, first[:-2]),
                upload(guest, ""),
            ):
                assert (asked[0], asked[1]["code"]) == (401, "token_refused")

    run(scene())


def test_where_the_owner_wants_no_files_none_are_taken(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server) as guest:
            first = (await guest.frame("ready"))["token"]
            _, before = upload(guest, first)
            set_web_chat(server, guest.web_chat, options='{"enableFileUpload": false}')
            try:
                status, refusal = upload(guest, first)
                sent = await send(guest, before["id"])
                assert (await guest.frame("error", ref=sent))["code"] == "forbidden"
            finally:
                set_web_chat(server, guest.web_chat, options="{}")
            assert (status, refusal["code"]) == (403, "forbidden")
            assert refusal["message"] == "This chat takes no files."
            assert upload(guest, first)[0] == 201
            sent = await send(guest, before["id"])
            await guest.frame("message", ref=sent)

    run(scene())


def test_files_of_an_answer_reach_its_visitor_at_once_and_nobody_else(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server) as guest, Guest(server) as other:
            await other.send("sim:tokens=1")
            conversation = (await guest.send("sim:tokens=1"))["message"]["conversation"]
            files = ("sea.png", samples.png()), ("plan.pdf", samples.PDF)
            written = answer(server, conversation, *files, content="See both.")
            frame = await guest.wait(lambda: shown(guest, written["id"]))
            assert frame["type"] == "outgoing"
            named = [(one["filename"], one["type"], one["size"]) for one in frame["attachments"]]
            assert named == [
                ("sea.png", "image", len(samples.png())),
                ("plan.pdf", "other", len(samples.PDF)),
            ]
            assert [download(one) for one in frame["attachments"]] == [samples.png(), samples.PDF]
            path = f"conversations/{conversation}/messages"
            [listed] = [one for one in guest.ask(path)[1]["results"] if one["id"] == written["id"]]
            assert listed["attachments"] == frame["attachments"]

            assert other.ask(path)[0] == 404
            await other.say("open", conversation=conversation)
            await other.frame("error")
            answer(server, conversation, *files)
            await other.say("ping")
            await other.frame("pong")
            assert "plan.pdf" not in str(other.frames)

    run(scene())


def shown(guest: Guest, id: str) -> dict[str, Any] | None:
    frames = (one["message"] for one in guest.frames if one["type"] == "message")
    return next((message for message in frames if message["id"] == id), None)
