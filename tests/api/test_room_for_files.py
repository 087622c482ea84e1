"""Whose files take whose room: one address, all visitors, everybody of an organization; and web chats that
take no files."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from chat.models import Attachment, Message, Visitor, WebChat
from chat.services import visitor_tokens
from tests import people
from tests.api.asking import Caller, alices
from tests.api.test_attachments import ask, send, sent
from tests.api.world import begin, web_chat

pytestmark = pytest.mark.django_db

SITE = "https://shop.example"
#: Of these one fits into a megabyte, and two do not.
LARGE = b"x" * 600 * 1024


def newcomer(place: WebChat) -> str:
    return visitor_tokens.first_token(uuid4(), web_chat=place, site=SITE)


def known(place: WebChat, *, verified: bool = False) -> str:
    """The token of a visitor who has written."""
    contact = place.organization.contacts.create(name="anonymous")
    visitor = Visitor.objects.create(web_chat=place, contact=contact, site=SITE, verified=verified)
    return visitor_tokens.keep(visitor, place.generation)[1]


def upload(place: WebChat, token: str, address: str, content: bytes = b"x") -> int:
    response: HttpResponse = Client(REMOTE_ADDR=address).post(
        reverse("visitor-attach", kwargs={"web_chat": place.pk}),
        {"file": SimpleUploadedFile("a.txt", content, "text/plain")},
        headers={"Authorization": f"Visitor {token}", "Parley-Site": SITE},
    )
    assert response.status_code != 429 or int(response.headers["Retry-After"]) > 0
    return response.status_code


@pytest.mark.parametrize(
    ("limit", "content", "taken"),
    [({"UPLOADS_WAITING": 2}, b"x", 2), ({"UPLOADS_VISITOR_MEGABYTES": 1}, LARGE, 1)],
    ids=["files", "bytes"],
)
def test_newcomers_at_one_address_send_so_much_in_an_hour(
    limit: dict[str, int], content: bytes, taken: int, settings: Any
) -> None:
    settings.API_STRANGERS_PER_MINUTE = 120  # by the minute, and beside it
    for name, value in limit.items():
        setattr(settings, name, value)
    place = web_chat()
    address, another = f"198.51.100.{taken}", f"198.51.100.{taken + 10}"
    answers = [upload(place, newcomer(place), address, content) for _ in range(taken + 1)]
    assert answers == [201] * taken + [429]
    assert upload(place, newcomer(place), another, content) == 201
    # Whoever has written was counted as they wrote.
    assert upload(place, known(place), address, content) == 201


def test_visitors_who_have_written_need_no_part_of_the_room_for_newcomers(settings: Any) -> None:
    settings.UPLOADS_WAITING = 1
    place = web_chat()
    assert {upload(place, known(place), "198.51.100.30") for _ in range(11)} == {201}
    answers = [upload(place, newcomer(place), f"198.51.100.{40 + number}") for number in range(11)]
    assert answers == [201] * 10 + [429]
    assert upload(place, known(place), "198.51.100.30") == 201


def test_visitors_who_have_written_send_so_much_from_one_address_in_a_day(settings: Any) -> None:
    settings.UPLOADS_VISITOR_MEGABYTES = 1
    place = web_chat()
    address, another = "198.51.100.60", "198.51.100.61"
    answers = [upload(place, known(place), address, LARGE) for _ in range(18)]
    assert answers == [201] * 17 + [429]
    assert upload(place, known(place), another, LARGE) == 201
    # Those whom the site has signed are as many as it has.
    assert upload(place, known(place, verified=True), address, LARGE) == 201


def test_strangers_of_the_api_at_one_address_send_so_many_files_in_an_hour(settings: Any) -> None:
    settings.UPLOADS_WAITING = 2
    place = web_chat()
    stranger, another = Caller(address="198.51.100.64"), Caller(address="198.51.100.65")
    talks = [begin(stranger, place)["id"] for _ in range(4)]
    paths = [f"conversations/{talk}/attachments/" for talk in talks]
    [file] = [send(stranger, path=path).json()["file"] for path in paths[:1]]
    again = {"file": file, "filename": "sea.png"}
    assert stranger.post(paths[0], again).status_code == 201
    # Neither as a form, nor as one more of what is there, nor with a message.
    assert send(stranger, path=paths[1]).status_code == 429
    assert stranger.post(paths[0], again).status_code == 429
    message = {"conversation": talks[0], "content": "", "attachments": [again]}
    assert stranger.post("messages/", message).status_code == 429
    assert send(another, path=paths[2]).status_code == 201
    assert send(alices(), path=paths[3]).status_code == 201


def test_strangers_at_one_address_ask_for_so_many_forms_in_an_hour(settings: Any) -> None:
    settings.UPLOADS_WAITING = 2
    stranger = Caller(address="198.51.100.70")
    assert [ask(stranger).status_code for _ in range(3)] == [200, 200, 429]
    assert ask(Caller(address="198.51.100.71")).status_code == 200


def test_visitors_take_half_of_the_organizations_room_at_most(settings: Any) -> None:
    settings.UPLOADS_TOTAL_MEGABYTES = 2
    place = web_chat()
    answers = [upload(place, known(place), "198.51.100.80", LARGE) for _ in range(2)]
    assert answers == [201, 403]
    stranger = Caller(address="198.51.100.81")
    path = f"conversations/{begin(stranger, place)['id']}/attachments/"
    assert send(stranger, "a.txt", LARGE, "", path).status_code == 403
    assert send(alices(), "a.txt", LARGE, "").status_code == 201
    client = Client()
    client.force_login(people.alice(), "allauth.account.auth_backends.AuthenticationBackend")
    file = SimpleUploadedFile("a.txt", LARGE, "text/plain")
    assert client.post("/chat/attachments", {"file": file}).status_code == 201
    assert send(alices(), "a.txt", LARGE, "").status_code == 403


def test_where_the_owner_wants_no_files_strangers_send_none() -> None:
    place, stranger = web_chat(), Caller(address="198.51.100.90")
    talk = begin(stranger, place)["id"]
    path = f"conversations/{talk}/attachments/"
    before = send(stranger, path=path).json()["id"]
    fresh = {"file": sent(stranger), "filename": "sea.png"}
    WebChat.objects.filter(pk=place.pk).update(options={"enableFileUpload": False})
    refused = send(stranger, path=path)
    assert (refused.status_code, refused.json()) == (403, {"detail": "This chat takes no files."})
    assert stranger.post(path, fresh).status_code == 403
    for file in (before, fresh):
        body = {"conversation": talk, "content": "Look.", "attachments": [file]}
        assert stranger.post("messages/", body).status_code == 403
    assert not Message.objects.exists()
    assert Attachment.objects.count() == 1
    assert stranger.post("messages/", {"conversation": talk, "content": "No file."}).status_code == 201
    # The owner's programs are no visitors.
    own = send(alices(), path=path).json()["id"]
    body = {"conversation": talk, "content": "Look.", "attachments": [own]}
    assert alices().post("messages/", body).status_code == 201
