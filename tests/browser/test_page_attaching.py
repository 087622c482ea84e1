"""Files in the chat page: chosen, dropped and pasted, sent with a message, and shown with it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import JSHandle, Route, expect

from tests.browser.chat import Chat
from tests.browser.conftest import Opener
from tests.harness.server import Server
from tests.media import samples
from tests.simulator.process import SimulatorProcess

PICTURE = samples.picture()
LOADED = "image => image.decode().then(() => image.naturalWidth)"
#: How many files the browser's database holds; it is not made by asking.
KEPT = """
() => new Promise((resolve) => {
  const opening = indexedDB.open("parley-files", 1);
  opening.onupgradeneeded = () => opening.transaction.abort();
  opening.onerror = () => resolve(0);
  opening.onsuccess = () => {
    const count = opening.result.transaction("files").objectStore("files").count();
    count.onsuccess = () => { opening.result.close(); resolve(count.result); };
  };
})
"""


#: It comes a little after the page.
STORE_IS_LOADED = (
    "() => performance.getEntriesByType('resource').some(({ name }) => name.includes('filestore'))"
)


@pytest.fixture(scope="module")
def server(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("data")
    with Server(data, simulator.url, COMPLETIONS_TAKES_IMAGES="true", UPLOAD_MEGABYTES="1") as running:
        yield running


def dragged(chat: Chat, name: str = "tides.txt", text: str = "Twice a day.") -> JSHandle:
    return chat.page.evaluate_handle(
        "([name, text]) => { const all = new DataTransfer();"
        " all.items.add(new File([text], name)); return all; }",
        [name, text],
    )


def attached(server: Server) -> list[Any]:
    return server.rows("SELECT filename FROM chat_attachment WHERE message_id IS NOT NULL ORDER BY filename")


def test_a_picture_goes_to_the_model_and_is_there_again_after_a_reload(
    chat: Chat, simulator: SimulatorProcess
) -> None:
    chat.attach(("sea.png", PICTURE))
    expect(chat.chosen).to_have_text("sea.png1 kB")
    expect(chat.chosen.get_by_role("presentation")).to_be_visible()
    assert chat.violations() == []
    chat.ask("What is it? sim:tokens=5")
    expect(chat.chosen).to_have_count(0)
    asked = simulator.stats()["last_requests"][-1]["messages"][-1]["content"]
    url = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    assert asked[1] == {"type": "image_url", "image_url": {"url": url}}
    image = chat.questions.get_by_role("img", name="sea.png")
    assert str(image.get_attribute("src")).startswith("data:image/")
    assert image.evaluate(LOADED) == 320
    assert chat.violations() == []
    chat.page.reload()
    assert str(image.get_attribute("src")).startswith("/media/chat/attachment/")
    assert image.evaluate(LOADED) == 320
    with chat.page.expect_popup() as opening:
        chat.questions.get_by_role("link", name="sea.png").click()
    assert opening.value.evaluate("document.contentType") == "image/png"


def test_another_file_is_a_name_with_its_size_that_downloads(chat: Chat) -> None:
    chat.attach(("plan.pdf", samples.PDF * 200))
    chat.page.get_by_role("button", name="Send", exact=True).click()
    expect(chat.replies).to_have_count(1)
    chat.settle()
    link = chat.questions.get_by_role("link")
    expect(link).to_have_text("plan.pdf3 kB")
    expect(chat.questions.locator(".bubble")).to_be_hidden()
    # A conversation of files alone has a name all the same.
    expect(chat.rows.first).to_contain_text("plan.pdf")
    answer = chat.page.request.get(str(link.get_attribute("href")))
    assert answer.body() == samples.PDF * 200
    assert answer.headers["content-disposition"] == 'attachment; filename="plan.pdf"'
    chat.page.reload()
    expect(link).to_have_text("plan.pdf3 kB")


def test_files_of_an_answer_are_shown_below_it(chat: Chat) -> None:
    chat.attach(("sea.png", PICTURE), ("plan.pdf", samples.PDF))
    reply = chat.ask("Send them back sim:tokens=5")
    expect(reply.get_by_role("list", name="Attached files")).to_be_hidden()
    id = str(reply.get_attribute("data-message-id")).replace("-", "")
    moved = "UPDATE chat_attachment SET message_id = ? WHERE message_id IN"
    moved += " (SELECT incoming_id FROM chat_reply WHERE outgoing_id = ?)"
    assert chat.server.execute(moved, id, id) == 2
    chat.page.reload()
    files = reply.get_by_role("list", name="Attached files")
    assert files.get_by_role("img", name="sea.png").evaluate(LOADED) == 320
    expect(files.get_by_role("link", name="plan.pdf")).to_have_text("plan.pdf1 kB")
    expect(chat.questions.get_by_role("link")).to_have_count(0)
    assert chat.violations() == []


def test_what_cannot_be_sent_is_told_at_once(chat: Chat) -> None:
    send = chat.page.get_by_role("button", name="Send", exact=True)
    chat.attach(("page.html", samples.HTML))
    expect(chat.complaint).to_contain_text("page.html is of a type that is not taken. Taken are: png, jpg,")
    chat.attach(("large.txt", b"x" * (1024 * 1024 + 1)))
    expect(chat.complaint).to_have_text("large.txt is too large: at most 1 MB are taken.")
    chat.attach(("empty.txt", b""))
    expect(chat.complaint).to_have_text("empty.txt is empty.")
    expect(chat.chosen).to_have_count(0)
    expect(send).to_be_disabled()
    chat.attach(*((f"{number}.txt", b"x") for number in range(21)))
    expect(chat.complaint).to_contain_text("A message can have 20 files at most.")
    expect(chat.chosen).to_have_count(20)
    expect(send).to_be_enabled()


def test_files_are_dropped_and_pasted(chat: Chat) -> None:
    dropped = dragged(chat)
    chat.page.locator("#thread").dispatch_event("dragenter", {"dataTransfer": dropped})
    sign = chat.page.get_by_text("Drop files here to attach them")
    chat.page.locator("#chat").dispatch_event("dragover", {"dataTransfer": dropped})
    expect(sign).to_be_visible()
    chat.page.locator("#chat").dispatch_event("drop", {"dataTransfer": dropped})
    expect(sign).to_be_hidden()
    paste = (
        "(field, data) => field.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}))"
    )
    assert not chat.composer.evaluate(paste, dragged(chat, "pasted.txt"))
    expect(chat.chosen).to_have_count(2)
    # A paragraph from a word processor comes as text and as a picture of it.
    both = dragged(chat, "paragraph.txt")
    both.evaluate("data => data.setData('text/plain', 'Words')")
    assert chat.composer.evaluate(paste, both)
    expect(chat.chosen).to_have_count(2)
    chat.ask("Both sim:tokens=5")
    expect(chat.questions.get_by_role("link")).to_have_text(["tides.txt1 kB", "pasted.txt1 kB"])


def test_a_chosen_file_is_removed_by_the_keyboard_and_stays_with_its_conversation(chat: Chat) -> None:
    chat.ask("Before sim:tokens=5")
    chat.attach(("a.txt", b"a"), ("b.txt", b"b"))
    chat.page.get_by_role("button", name="Remove a.txt").press("Enter")
    expect(chat.page.get_by_role("button", name="Remove b.txt")).to_be_focused()
    chat.new()
    expect(chat.chosen).to_have_count(0)
    chat.rows.first.click()
    expect(chat.chosen).to_have_text("b.txt1 kB")
    chat.page.get_by_role("button", name="Remove b.txt").press("Enter")
    expect(chat.chosen).to_have_count(0)
    expect(chat.composer).to_be_focused()


def test_files_wait_with_their_message_without_a_server_and_over_a_reload(open_chat: Opener) -> None:
    chat = open_chat(missing=True)  # the conversation exists in this browser only when it is reloaded
    before = len(attached(chat.server))
    chat.page.wait_for_function(STORE_IS_LOADED)
    chat.server.kill()
    expect(chat.page.get_by_text("Reconnecting…")).to_be_visible()
    chat.attach(("waiting.png", PICTURE), ("waiting.txt", b"Twice a day."))
    chat.write("Offline sim:tokens=5")
    expect(chat.page.get_by_text("Waiting to be sent")).to_be_visible()
    chat.wait(lambda: chat.page.evaluate(KEPT) == 2)
    chat.server.start()
    chat.page.reload()
    expect(chat.replies).to_have_count(1)
    chat.settle()
    assert chat.questions.get_by_role("img", name="waiting.png").evaluate(LOADED) == 320
    expect(chat.questions.get_by_role("link")).to_have_count(2)
    assert len(attached(chat.server)) == before + 2
    chat.wait(lambda: chat.page.evaluate(KEPT) == 0)


def test_files_that_a_closing_page_left_are_forgotten_by_the_next(open_chat: Opener) -> None:
    chat = open_chat(missing=True)  # as above
    chat.page.route("**/chat/attachments", lambda route: route.abort("connectionreset"))
    chat.attach(("left.txt", b"Twice a day."))
    chat.write("First sim:tokens=5")
    chat.wait(lambda: chat.page.evaluate(KEPT) == 1)
    chat.page.reload()  # its message still waits
    chat.page.wait_for_function(STORE_IS_LOADED)
    expect(chat.page.get_by_text("Sending…")).to_be_visible()
    assert chat.page.evaluate(KEPT) == 1
    waiting = "() => Object.keys(localStorage).filter((key) => key.startsWith('parley.outbox.'))"
    (key,) = chat.page.evaluate(waiting)
    chat.page.evaluate("(key) => localStorage.removeItem(key)", key)
    chat.page.reload()
    chat.wait(lambda: chat.page.evaluate(KEPT) == 0)


def test_how_far_an_upload_is_can_be_seen(chat: Chat) -> None:
    held: list[Route] = []
    chat.page.route("**/chat/attachments", lambda route: held.append(route))
    chat.attach(("slow.txt", b"Twice a day."))
    chat.write("Slow sim:tokens=5")
    expect(chat.page.get_by_text("Uploading… 0%")).to_be_visible()
    chat.wait(lambda: held)
    held[0].continue_()
    expect(chat.replies).to_have_count(1)
    expect(chat.page.get_by_text("Uploading…")).to_be_hidden()


def test_a_file_that_the_server_refuses_stays_with_the_reason(open_chat: Opener) -> None:
    chat = open_chat(refused=True)
    chat.attach(("false.png", b"no picture"))
    chat.write("Look sim:tokens=5")
    refusal = chat.page.get_by_role("group", name="Not sent")
    expect(refusal).to_contain_text("This is no png file, or it is broken.")
    refusal.get_by_role("button", name="Remove").click()
    expect(chat.questions).to_have_count(0)
    chat.wait(lambda: chat.page.evaluate(KEPT) == 0)


def full(chat: Chat, *, seconds: int) -> list[Route]:
    """From now on the server takes no files for the moment. Returns the uploads that it has refused."""
    refused: list[Route] = []

    def refuse(route: Route) -> None:
        refused.append(route)
        body = {"code": "rate_limited", "message": "Too many files wait."}
        route.fulfill(status=429, headers={"Retry-After": str(seconds)}, json=body)

    chat.page.route("**/chat/attachments", refuse)
    return refused


def test_a_file_that_has_to_wait_holds_back_only_its_own_conversation(open_chat: Opener) -> None:
    chat = open_chat(refused=True, missing=True)
    refused = full(chat, seconds=3600)
    chat.attach(("tides.txt", b"Twice a day."))
    chat.write("First sim:tokens=5")
    waiting = chat.questions.first.get_by_text("Your message waits here and is sent again.")
    expect(waiting.filter(visible=True)).to_be_visible()
    chat.write("About the file sim:tokens=5")
    held = chat.conversation
    chat.new()
    chat.ask("Elsewhere sim:tokens=5")
    assert len(chat.stored()) == 2
    assert chat.stored(held) == []
    assert len(refused) == 1
    # After a reload it is tried at once.
    chat.page.unroute("**/chat/attachments")
    chat.page.goto(f"/c/{held}")
    expect(chat.replies).to_have_count(2)
    chat.settle()
    assert chat.stored(held)[0] == "First sim:tokens=5"
    assert chat.sources() == chat.stored(held)


def test_a_file_that_is_refused_again_and_again_is_given_up_until_the_person_asks(open_chat: Opener) -> None:
    chat = open_chat(refused=True)
    refused = full(chat, seconds=1)
    chat.attach(("tides.txt", b"Twice a day."))
    chat.write("First sim:tokens=5")
    chat.write("Second sim:tokens=5")
    refusal = chat.page.get_by_role("group", name="Not sent")
    expect(refusal).to_contain_text("Too many files wait.", timeout=15_000)
    assert len(refused) == 4
    expect(chat.replies).to_have_count(1)
    chat.settle()
    assert chat.stored()[0] == "Second sim:tokens=5"
    chat.page.unroute("**/chat/attachments")
    refusal.get_by_role("button", name="Retry").click()
    expect(chat.replies).to_have_count(2)
    chat.settle()
    expect(chat.questions.get_by_role("link")).to_have_text("tides.txt1 kB")


def test_what_the_server_no_longer_has_is_uploaded_once_more(chat: Chat) -> None:
    uploads = 0

    def swept(route: Route) -> None:
        nonlocal uploads
        uploads += 1
        answer = route.fetch()
        if uploads == 1:
            chat.server.execute("DELETE FROM chat_attachment WHERE message_id IS NULL")
        route.fulfill(response=answer)

    chat.page.route("**/chat/attachments", swept)
    chat.attach(("late.txt", b"Twice a day."))
    chat.ask("Late sim:tokens=5")
    expect(chat.questions.get_by_role("link")).to_have_text("late.txt1 kB")
    assert uploads == 2
    expect(chat.page.get_by_role("group", name="Not sent")).to_be_hidden()


def test_a_file_that_the_browser_lost_is_missed(chat: Chat) -> None:
    chat.ask("Before sim:tokens=5")
    file = {"id": str(uuid4()), "name": "gone.txt", "type": "text/plain", "size": 5}
    entry = {"id": str(uuid4()), "conversation": chat.conversation, "content": "See", "createdAt": 1}
    key = f"parley.outbox.{chat.server.people['alice']['id']}.000000000000001.{entry['id']}"
    chat.page.evaluate(
        "([key, entry]) => localStorage.setItem(key, entry)", [key, json.dumps({**entry, "files": [file]})]
    )
    chat.page.reload()
    refusal = chat.page.get_by_role("group", name="Not sent")
    expect(refusal).to_contain_text("This browser no longer has gone.txt.")
    refusal.get_by_role("button", name="Remove").click()
    expect(chat.questions).to_have_count(1)
