"""Files from the chat page: who may send which, and with whose messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.exceptions import NotFound
from chat.models import Attachment, Conversation, User
from chat.selectors import member_principal
from chat.services.messages import Posted, post_message
from chat.services.outgoing import post_outgoing
from tests import people
from tests.media import samples

pytestmark = pytest.mark.django_db

PATH = "/chat/attachments"


def client_of(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def send(client: Client, name: str = "a.png", content: bytes = b"", declared: str = "", **more: Any) -> Any:
    file = SimpleUploadedFile(name, content or samples.GOOD["a.png"], declared or "application/octet-stream")
    return client.post(PATH, {"file": file}, **more)


def say(user: User, *files: str, content: str = "", conversation: UUID | None = None) -> Posted:
    principal = member_principal(user)
    assert principal
    return post_message(
        principal=principal,
        id=uuid4(),
        conversation=conversation or uuid4(),
        content=content,
        attachments=[UUID(one) for one in files],
    )


def answer(user: User, conversation: UUID, *files: str) -> Posted:
    """An answer that somebody wrote, not a chatbot."""
    principal = member_principal(user)
    assert principal
    return post_outgoing(
        principal=principal,
        id=uuid4(),
        conversation=conversation,
        content="",
        attachments=[UUID(one) for one in files],
    )


def test_a_file_is_taken_and_shown_with_the_message_it_is_sent_with() -> None:
    client = client_of(people.alice())
    response = send(client, "潮汐.png", declared="image/png")
    assert response.status_code == 201
    sent = response.json()
    size = len(samples.GOOD["a.png"])
    assert (sent["type"], sent["filename"], sent["size"]) == ("image", "潮汐.png", size)
    message = say(people.alice(), sent["id"]).message
    page = client.get(f"/chat/conversations/{message.conversation_id}/messages").json()
    [shown] = page["results"][-1]["attachments"]
    assert shown == sent
    # A conversation that begins with a file alone is called like it.
    assert page["conversation"]["title"] == "潮汐.png"


def test_files_of_answers_are_shown_at_the_same_cost_however_many_there_are() -> None:
    client = client_of(people.alice())
    conversation = say(people.alice(), content="What is it?").message.conversation_id
    path = f"/chat/conversations/{conversation}/messages"
    sent = send(client).json()
    written = answer(people.alice(), conversation, sent["id"]).message
    with CaptureQueriesContext(connection) as of_one:
        [shown, *_] = client.get(path).json()["results"]
    assert (shown["id"], shown["type"], shown["attachments"]) == (str(written.pk), "outgoing", [sent])
    for _ in range(3):
        answer(people.alice(), conversation, *(send(client).json()["id"] for _ in range(3)))
    with CaptureQueriesContext(connection) as of_many:
        results = client.get(path).json()["results"]
    assert sum(len(message["attachments"]) for message in results) == 10
    assert len(of_many) == len(of_one)
    assert client_of(people.bob()).get(path).status_code == 404


def test_files_of_a_message_stand_in_the_order_in_which_they_were_uploaded() -> None:
    client = client_of(people.alice())
    ids = [send(client).json()["id"] for _ in range(3)]
    # No matter which of them the database comes upon first.
    Attachment.objects.filter(pk=ids[2]).update(created_at=timezone.now() - timedelta(minutes=1))
    message = say(people.alice(), *ids).message
    page = client.get(f"/chat/conversations/{message.conversation_id}/messages").json()
    listed = [one["id"] for one in page["results"][-1]["attachments"]]
    assert listed == [ids[2], *ids[:2]]


def test_words_name_the_conversation_even_with_a_file() -> None:
    sent = send(client_of(people.alice())).json()
    message = say(people.alice(), sent["id"], content="What is it?").message
    assert Conversation.objects.get(pk=message.conversation_id).title == "What is it?"


@pytest.mark.parametrize(
    ("name", "declared", "content"),
    [
        ("a.html", "text/html", samples.HTML),
        ("a.svg", "image/svg+xml", samples.SVG),
        ("a.png", "image/png", samples.SVG),
        ("a.png", "text/html", samples.png()),
        ("a.txt", "text/plain", b""),
    ],
    ids=["a page", "a drawing", "false bytes", "a false type", "empty"],
)
def test_what_is_not_what_it_says_or_not_taken_is_refused_with_a_sentence(
    name: str, declared: str, content: bytes
) -> None:
    response = client_of(people.alice()).post(PATH, {"file": SimpleUploadedFile(name, content, declared)})
    assert response.status_code == 400
    assert response.json()["message"]
    assert not Attachment.objects.exists()


@override_settings(UPLOAD_MEGABYTES=1)
def test_a_file_that_is_too_large_is_refused() -> None:
    response = send(client_of(people.alice()), "a.txt", b"x" * (1024 * 1024 + 1))
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


@override_settings(UPLOADS_WAITING=2)
def test_files_that_wait_are_limited_and_sending_them_makes_room() -> None:
    client = client_of(people.alice())
    ids = [send(client).json()["id"] for _ in range(2)]
    full = send(client)
    assert (full.status_code, full.json()["code"]) == (429, "rate_limited")
    assert int(full.headers["Retry-After"]) > 0
    assert send(client_of(people.bob())).status_code == 201
    say(people.alice(), *ids)
    assert send(client).status_code == 201


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.post(PATH),
        lambda client: client.post(PATH, {"file": "no file"}),
        lambda client: client.post(PATH, b"{}", "application/json"),
        lambda client: client.post(PATH, b"--x\r\n", "multipart/form-data; boundary=x"),
    ],
)
def test_what_is_no_form_with_a_file_is_refused(ask: Callable[[Client], Any]) -> None:
    assert ask(client_of(people.alice())).status_code == 400


def test_nobody_else_sends_a_file_and_its_owner_only_once() -> None:
    id = send(client_of(people.alice())).json()["id"]
    for other in (people.bob(), people.charlie()):
        with pytest.raises(NotFound):
            say(other, id)
    assert say(people.alice(), id).attached
    with pytest.raises(NotFound):
        say(people.alice(), id)


def test_it_takes_a_session_and_its_csrf_token() -> None:
    assert send(Client()).status_code == 401
    client = client_of(people.alice(), enforce_csrf_checks=True)
    assert send(client).status_code == 403
    token = client.get("/").cookies["csrftoken"].value
    assert send(client, headers={"X-CSRFToken": token}).status_code == 201
    assert send(client, headers={"X-CSRFToken": "x" * 32}).status_code == 403
    assert Attachment.objects.count() == 1


def test_whoever_left_the_organization_sends_nothing() -> None:
    client = client_of(people.alice())
    people.alice().memberships.all().delete()
    assert send(client).status_code == 403


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_do_nothing(method: str) -> None:
    assert getattr(client_of(people.alice()), method)(PATH).status_code == 405
