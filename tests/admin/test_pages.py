"""What the pages show: strangers' words as text, and lists at a steady cost."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

from django.db import connection
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Attachment, Conversation, Reply, ReplyState
from tests.admin.world import admins, furnish
from tests.people import alice, make_organization, root

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<b x-data x-init=\"alert(1)\" @click='alert(1)' :href='x' hx-get='/x' data-hx-get='/x'>b</b>",
    '"><svg onload=alert(1)>',
    "{{ 7|add:7 }}{% load static %}${7*7}",
    "</textarea></pre></p><iframe src=javascript:alert(1)>",
]


class Gadgets(HTMLParser):
    """Collects the tags and attributes that the hostile texts would have made."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        evil = [
            name for name, value in attrs if "alert(1)" in (value or "") and name not in ("value", "title")
        ]
        if evil or (tag in ("img", "svg", "iframe") and {"onerror", "onload"} & names.keys()):
            self.found.append(f"{tag} {attrs}")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and "alert(1)" in data:
            self.found.append(f"script {data}")


class TranscriptTests(TestCase):
    def test_a_reply_that_waits_for_a_busy_model_says_until_when(self) -> None:
        owner, home = root(), make_organization()
        home.memberships.create(user=owner, role="owner")
        reply = furnish(home, owner, "x")[Reply]
        assert isinstance(reply, Reply)
        moment = datetime(2026, 3, 1, 12, 0, 7, tzinfo=UTC)
        Reply.objects.filter(pk=reply.pk).update(
            state=ReplyState.RUNNING, error_code="upstream_busy", retry_at=moment
        )
        client = Client()
        client.force_login(owner)
        with timezone.override(UTC):
            page = client.get(f"/admin/chat/conversation/{reply.conversation_id}/change/").content.decode()
        self.assertIn("upstream_busy, asked again from 12:00:07", page)


class TextTests(TestCase):
    def test_what_strangers_wrote_is_shown_as_text_everywhere(self) -> None:
        owner, furnished = root(), []
        for number, text in enumerate(HOSTILE):
            home = make_organization(f"Home {number}")
            home.memberships.create(user=owner, role="owner")
            furnished.append(furnish(home, owner, text))
        client = Client()
        client.force_login(owner)
        for url, model, _admin in admins():
            changes = {f"{rows[model].pk}/change/" for rows in furnished if model in rows}
            for page in ("", "?q=alert", *sorted(changes)):
                with self.subTest(page=url + page):
                    self.assert_tame(client.get(url + page).content.decode(), url + page)

    def assert_tame(self, page: str, where: str) -> None:
        gadgets = Gadgets()
        gadgets.feed(page)
        self.assertEqual(gadgets.found, [], where)
        self.assertNotIn("{{ 14 }}", page)

    def test_a_conversation_shows_its_messages_in_order_and_the_newest_when_they_are_many(self) -> None:
        rows = furnish(make_organization(), alice(), "a fine day")
        talk = rows[Conversation]
        assert isinstance(talk, Conversation)
        for number in range(3, 205):
            talk.messages.create(position=number, type="incoming", content=f"line {number}", created_by="x")
        client = Client()
        client.force_login(alice())
        page = client.get(f"/admin/chat/conversation/{talk.pk}/change/").content.decode()
        self.assertIn("The newest 200 messages.", page)
        self.assertNotIn("line 4<", page)
        self.assertLess(page.index("line 5<"), page.index("line 204<"))

    def test_the_files_of_a_message_stand_below_it(self) -> None:
        rows = furnish(make_organization(), alice(), "a fine day")
        client = Client()
        client.force_login(alice())
        page = client.get(f"/admin/chat/conversation/{rows[Conversation].pk}/change/").content.decode()
        self.assertRegex(page, rf'transcript-files[^/]+href="[^"]+/{rows[Attachment].file}\?')  # type: ignore[attr-defined]


class ListCostTests(TestCase):
    def test_a_list_of_many_rows_takes_as_many_queries_as_a_list_of_few(self) -> None:
        furnish(make_organization(), alice())
        client = Client()
        client.force_login(root())
        few = self.queries(client)
        for number in range(6):
            furnish(make_organization(f"More {number}"), alice_in(f"More {number}"))
        self.assertEqual(self.queries(client), few)

    def queries(self, client: Client) -> dict[str, int]:
        counted = {}
        for url, _model, _admin in admins():
            client.get(url)
            with CaptureQueriesContext(connection) as context:
                client.get(url)
            counted[url] = len(context)
        return counted


def alice_in(name: str):  # type: ignore[no-untyped-def]
    owner = alice()
    make_organization(name).memberships.create(user=owner, role="owner")
    return owner
