"""Attachments by the API: uploaded, registered, put into conversations, changed, and kept from others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client, override_settings
from django.utils import timezone

from chat.exceptions import NotFound
from chat.media.links import link
from chat.media.names import new_name
from chat.models import Attachment, Contact, Conversation, Inbox, Message, MessageType, Upload, WebChat
from chat.principals import Principal
from chat.selectors.visitors import visitor_for
from chat.services.messages import post_message
from tests import people
from tests.api.asking import Caller, alices, charlies
from tests.media import samples

pytestmark = pytest.mark.django_db

PNG = samples.png()


def send(
    caller: Caller,
    name: str = "sea.png",
    content: bytes = PNG,
    declared: str = "image/png",
    path: str = "attachments/",
    **fields: str,
) -> HttpResponse:
    headers = {"Authorization": f"Api-Key {caller.key}"} if caller.key else {}
    file = SimpleUploadedFile("x", content, declared)
    file.name = name
    response: HttpResponse = Client(REMOTE_ADDR=caller.address).post(
        f"{caller.prefix}{path}", {**fields, "file": file}, headers=headers
    )
    return response


def ask(caller: Caller, name: str = "sea.png", size: int = len(PNG), **more: Any) -> HttpResponse:
    body = {"filename": name, "modelName": "attachment", "fieldName": "file", "fileSize": size}
    return caller.post("upload-presigned-url/", body | more)


def deliver(form: dict[str, Any], content: bytes = PNG, **changed: str) -> HttpResponse:
    """As clients do: the fields as they were given, then the file."""
    fields = {**form["fields"], **changed}
    file = SimpleUploadedFile("any name at all.bin", content, "application/octet-stream")
    response: HttpResponse = Client().post(urlsplit(form["url"]).path, {**fields, "file": file})
    return response


def sent(caller: Caller, content: bytes = PNG, name: str = "sea.png") -> str:
    """The key of a file that was sent with a form."""
    form = ask(caller, name, len(content)).json()
    assert deliver(form, content).status_code == 204
    key: str = form["fields"]["key"]
    return key


def content(attachment: Attachment) -> bytes:
    with attachment.file.open("rb") as file:
        read: bytes = file.read()
    return read


def by_stranger() -> Conversation:
    """A conversation that a stranger began in a web chat of alice's organization."""
    organization = people.organization_of(people.alice())
    chatbot = people.chatbot_of(people.alice())
    inbox = Inbox.objects.create(organization=organization, name="Shop")
    WebChat.objects.create(organization=organization, inbox=inbox, chatbot=chatbot, name="Shop")
    contact = Contact.objects.create(organization=organization, name="anonymous")
    return Conversation.objects.create(
        organization=organization,
        chatbot=chatbot,
        inbox=inbox,
        contact=contact,
        created_by=f"visitor:{contact.pk}",
    )


@pytest.mark.parametrize("path", ["attachments/", "attachments-upload/", "v1/attachments-upload"])
def test_a_multipart_form_becomes_an_attachment(path: str) -> None:
    answer = send(alices(), path=path)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert list(made) == ["id", "type", "filename", "file"]
    assert (made["type"], made["filename"]) == ("image", "sea.png")
    assert made["file"].startswith("http://127.0.0.1:8000/media/chat/attachment/")
    stored = Attachment.objects.get(pk=made["id"])
    assert (stored.content_type, stored.size) == ("image/png", len(PNG))
    assert "sea" not in stored.file.name
    assert content(stored) == PNG
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("name", "type", "shown"),
    [("a.png", "", "image"), ("a.png", "sticker", "sticker"), ("a.png", "other", "other")]
    + [("a.png", "file", "image"), ("a.pdf", "image", "other"), ("a.mp3", "document", "audio")],
)
def test_a_type_counts_where_it_fits_the_file(name: str, type: str, shown: str) -> None:
    assert send(alices(), name, samples.GOOD[name], "", type=type).json()["type"] == shown


@pytest.mark.parametrize(
    ("name", "declared", "content"), samples.BAD[:1] + samples.BAD[8:10] + [samples.BAD[-8]]
)
def test_a_file_that_is_refused_leaves_nothing(name: str, declared: str, content: bytes) -> None:
    answer = send(alices(), name, content, declared)
    assert answer.status_code == 400
    assert list(answer.json()) == ["file"]
    assert not Attachment.objects.exists()
    assert not Upload.objects.exists()


def test_a_form_without_a_file_is_told_so() -> None:
    caller = alices()
    for path in ("attachments/", "attachments-upload/"):
        answer = caller.ask("POST", path, raw=b"--x--\r\n", content_type="multipart/form-data; boundary=x")
        assert answer.status_code == 400
        assert "file" in answer.json()


def test_six_fields_carry_a_file_to_its_key_which_is_registered_then() -> None:
    alice = alices()
    form = ask(alice)
    assert form.status_code == 200
    assert list(form.json()) == ["url", "fields"]
    fields = form.json()["fields"]
    assert list(fields) == [
        "key", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "policy", "x-amz-signature",
    ]  # fmt: skip
    assert all(isinstance(value, str) for value in fields.values())
    assert fields["key"].startswith("media/chat/attachment/")
    assert fields["key"].endswith(".png")
    delivered = deliver(form.json())
    assert (delivered.status_code, delivered.content) == (204, b"")
    made = alice.post("attachments/", {"file": fields["key"], "filename": "Sea at night.png"})
    assert made.status_code == 201
    assert made.json()["filename"] == "Sea at night.png"
    assert urlsplit(made.json()["file"]).path == f"/{fields['key']}"
    assert not Upload.objects.exists()


def test_a_form_is_asked_for_in_the_address_too() -> None:
    asked = "filename=sea.png&modelName=attachment&field_name=file"
    answer = alices().post(f"upload-presigned-url/?{asked}", {"fileSize": 5})
    assert answer.status_code == 200
    answer = Caller().post("upload-presigned-url", {"filename": "a.svg"})
    assert answer.status_code == 400
    assert set(answer.json()) == {"modelName", "fieldName", "fileSize"}


@pytest.mark.parametrize(
    ("more", "status", "field"),
    [
        ({"filename": "a.svg"}, 400, "file"),
        ({"filename": "a\x00.png"}, 400, "detail"),
        ({"filename": "../" * 500 + "a.png"}, 200, ""),
        ({"fileSize": 0}, 400, "fileSize"),
        ({"fileSize": "many"}, 400, "fileSize"),
        ({"fileSize": 21 * 1024 * 1024}, 413, "detail"),
        ({"modelName": "chatbot-file"}, 400, "modelName"),
        ({"fieldName": "avatar"}, 400, "fieldName"),
    ],
)
def test_what_is_wrong_with_a_wish_is_said(more: dict[str, Any], status: int, field: str) -> None:
    answer = ask(Caller(), **more)
    assert answer.status_code == status, answer.content
    assert status == 200 or list(answer.json()) == [field]


def test_a_form_sends_only_what_it_was_made_for() -> None:
    alice = alices()
    form, other = ask(alice).json(), ask(alice).json()
    wrong: list[tuple[int, Callable[[], HttpResponse]]] = [
        (403, lambda: deliver(form, key=other["fields"]["key"])),
        (403, lambda: deliver(form, policy=other["fields"]["policy"])),
        (403, lambda: deliver(form, **{"x-amz-signature": "0" * 64})),
        (403, lambda: deliver(form, **{"x-amz-date": "20990101T000000Z"})),
        (403, lambda: deliver({"url": form["url"], "fields": {}})),
        (413, lambda: deliver(form, PNG + b"x")),
        (400, lambda: deliver(form, b"<svg/>")),
        (400, lambda: Client().post("/uploads", form["fields"])),
        (400, lambda: Client().post("/uploads", b"--x", "multipart/form-data; boundary=")),
        (403, lambda: Client().post("/uploads", "{}", "application/json")),
        (405, lambda: Client().get("/uploads")),
    ]
    assert [answer().status_code for _status, answer in wrong] == [status for status, _answer in wrong]
    assert not Upload.objects.exclude(stored_at=None).exists()


def test_a_form_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.media.policy.VALID_SECONDS", -1)
    answer = deliver(ask(alices()).json())
    assert (answer.status_code, answer.json()["detail"]) == (403, "This form has expired. Ask for a new one.")


def test_a_form_sent_twice_changes_nothing_and_carries_nothing_else() -> None:
    alice = alices()
    form = ask(alice).json()
    assert [deliver(form).status_code for _time in range(2)] == [204, 204]
    assert deliver(form, PNG[:-1] + b"x").status_code == 409
    made = alice.post("attachments/", {"file": form["fields"]["key"], "filename": "sea.png"}).json()
    assert content(Attachment.objects.get(pk=made["id"])) == PNG
    assert deliver(form).status_code == 403


def test_a_key_is_given_in_three_ways_and_an_attachment_can_be_registered_again() -> None:
    alice = alices()
    key = sent(alice)
    first = alice.post("attachments/", {"file": key.removeprefix("media/"), "filename": "sea.png"}).json()
    for file in (first["file"], f"/{key}", key):
        again = alice.post("attachments/", {"file": file, "filename": "sea", "type": "document"})
        assert again.status_code == 201, again.content
        assert again.json() == first | {"id": again.json()["id"], "filename": "sea.png"}
    assert Attachment.objects.values("file").distinct().count() == 1


@pytest.mark.parametrize(
    "file",
    [
        "media/chat/attachment/" + "0" * 64 + ".png",
        "https://example.com/file.jpg",
        "../../parley.sqlite3",
        "http://127.0.0.1:8000/media/../secret_key",
        "file:///etc/passwd",
        "x" * 2001,
    ],
)
def test_what_was_not_sent_here_cannot_be_registered(file: str) -> None:
    answer = alices().post("attachments/", {"file": file, "filename": "sea.png"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["file"]


def test_a_file_is_registered_only_under_a_name_of_its_kind_and_after_it_was_sent() -> None:
    alice = alices()
    assert alice.post("attachments/", {"file": sent(alice), "filename": "sea.pdf"}).status_code == 400
    key = ask(alice).json()["fields"]["key"]
    assert alice.post("attachments/", {"file": key, "filename": "sea.png"}).status_code == 400
    made = alice.post("attachments/", {"file": sent(alice), "filename": "../<b>sea</b>\u202e.html"})
    assert made.json()["filename"] == "b>.html.png"


def test_only_who_asked_registers_and_of_a_stranger_who_has_the_key() -> None:
    alice, charlie = alices(), charlies()
    hers, nobodys = sent(alice), sent(Caller())
    refused = charlie.post("attachments/", {"file": hers, "filename": "sea.png"})
    absent = charlie.post(
        "attachments/", {"file": hers.replace(hers[22:30], "00000000"), "filename": "sea.png"}
    )
    assert (refused.status_code, refused.content) == (400, absent.content)
    assert charlie.post("attachments/", {"file": nobodys, "filename": "sea.png"}).status_code == 201
    assert alice.post("attachments/", {"file": nobodys, "filename": "sea.png"}).status_code == 400
    made = alice.post("attachments/", {"file": hers, "filename": "sea.png"})
    assert made.status_code == 201
    stolen = charlie.post("attachments/", {"file": made.json()["file"], "filename": "sea.png"})
    assert stolen.content == absent.content


def test_a_stranger_attaches_to_their_conversation_and_to_no_other() -> None:
    mine, other, nobody = by_stranger(), by_stranger(), Caller()
    path = f"conversations/{mine.pk}/attachments/"
    for made in (
        send(nobody, path=path),
        nobody.post(
            path, {"file": sent(nobody), "filename": "sea.png", "type": "image", "conversation": None}
        ),
    ):
        assert made.status_code == 201, made.content
    assert Attachment.objects.filter(conversation=mine, created_by=mine.created_by).count() == 2
    elsewhere = f"conversations/{other.pk}/attachments/"
    assert nobody.post(elsewhere, {"file": made.json()["file"], "filename": "sea.png"}).status_code == 400
    assert send(nobody, path=f"conversations/{uuid4()}/attachments/").status_code == 404
    assert send(charlies(), path=path).status_code == 404
    assert send(alices(), path=path).status_code == 201


def test_an_attachment_of_another_visitor_cannot_be_sent() -> None:
    mine, other = by_stranger(), by_stranger()
    theirs = send(Caller(), path=f"conversations/{other.pk}/attachments/").json()["id"]
    own = send(Caller(), path=f"conversations/{mine.pk}/attachments/").json()["id"]
    visitor = visitor_for(mine.pk)
    alice = Principal("key", uuid4(), visitor.organization_id)

    def post(principal: Principal, *ids: str) -> list[Attachment]:
        attached = [UUID(id) for id in ids]
        fields = {"id": uuid4(), "conversation": mine.pk, "content": "See", "attachments": attached}
        return post_message(principal=principal, **fields).attached

    for principal in (visitor, alice):
        with pytest.raises(NotFound):
            post(principal, own, theirs)
    assert [str(one.pk) for one in post(alice, own, own)] == [own]
    with pytest.raises(NotFound):
        post(visitor, own)


def test_an_attachment_is_listed_read_renamed_replaced_and_deleted() -> None:
    alice, charlie = alices(), charlies()
    made = send(alice).json()
    path = f"attachments/{made['id']}/"
    assert alice.get("attachments/").json()["results"] == [made]
    assert charlie.get("attachments").json() == {"count": 0, "next": None, "previous": None, "results": []}
    assert alice.get(path).json() == made
    assert alice.patch(path, {"filename": "Tide.png", "type": "sticker"}).json() == made | {
        "filename": "Tide.png",
        "type": "sticker",
    }
    assert alice.patch(path, {"filename": "tide.html.pdf"}).status_code == 400
    echoed = alice.put(path, made)
    assert echoed.json() == made
    replaced = alice.put(path, {"file": sent(alice, samples.PDF, "a.pdf"), "filename": "plan.pdf"})
    assert (replaced.json()["id"], replaced.json()["type"]) == (made["id"], "other")
    assert replaced.json()["file"] != made["file"]
    for ask in (charlie.get, charlie.delete, lambda path: charlie.patch(path, {"filename": "x.png"})):
        assert ask(path).status_code == 404
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404


def test_a_file_that_was_sent_with_a_message_is_not_replaced() -> None:
    alice, conversation = alices(), by_stranger()
    made = send(alice, path=f"conversations/{conversation.pk}/attachments").json()
    message = Message.objects.create(conversation=conversation, position=1, type=MessageType.INCOMING)
    Attachment.objects.update(message=message)
    answer = alice.put(f"attachments/{made['id']}/", {"file": sent(alice), "filename": "b.png"})
    assert answer.status_code == 409
    assert alice.put(f"attachments/{made['id']}/", {**made, "filename": "b.png"}).status_code == 200


def test_a_members_files_are_no_programs_business() -> None:
    alice = people.alice()
    hers = Attachment.objects.create(
        organization=people.organization_of(alice),
        created_by=f"member:{alice.pk}",
        filename="diary.txt",
        file="attachments/diary.txt",
    )
    caller = alices()
    assert caller.get("attachments/").json()["count"] == 0
    assert caller.get(f"attachments/{hers.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        ({"UPLOAD_MEGABYTES": 1}, 413),
        ({"UPLOADS_TOTAL_MEGABYTES": 1}, 403),
        ({"UPLOADS_VISITOR_MEGABYTES": 1}, 403),
        ({"UPLOADS_WAITING": 1}, 429),
    ],
)
def test_there_are_limits_on_size_and_count(limits: dict[str, int], status: int) -> None:
    path = f"conversations/{by_stranger().pk}/attachments/"
    assert send(Caller(), path=path).status_code == 201
    large = "x" * (1024 * 1024 + 1 if "WAITING" not in str(limits) else 1)
    with override_settings(**limits):
        answer = send(Caller(), "a.txt", large.encode(), "", path)
    assert (answer.status_code, list(answer.json())) == (status, ["detail"])
    assert status != 429 or int(answer.headers["Retry-After"]) > 0
    assert Attachment.objects.count() == 1
    assert not Upload.objects.exists()


def test_strangers_share_the_room_for_what_is_not_registered() -> None:
    with override_settings(UPLOADS_WAITING=1):
        strangers = [Caller(address=f"192.0.2.{number}") for number in range(12)]
        assert [ask(one).status_code for one in strangers[:11]] == [200] * 10 + [429]
        assert ask(alices()).status_code == 200
        Upload.objects.update(created_at=timezone.now() - timezone.timedelta(minutes=11))
        assert ask(strangers[11]).status_code == 200


def test_an_address_that_has_expired_says_so() -> None:
    with override_settings(MEDIA_LINK_HOURS=-1):
        address = urlsplit(link(new_name(".png")))
    answer = Client().get(f"{address.path}?{address.query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/plain; charset=utf-8")
