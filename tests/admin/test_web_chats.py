"""The form of a web chat and its page: sites, options, the form before the chat, secrets and tokens."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from uuid import uuid4

import jwt
from django.contrib.admin.models import LogEntry
from django.test import Client, TestCase
from django.utils import timezone

from chat.models import IdentitySecret, WebChat
from tests import people

SECRET = re.compile(r"pis_[\w-]{43}")


class WebChatTestCase(TestCase):
    def setUp(self) -> None:
        self.web_chat = people.web_chat_of(people.alice())
        self.client.force_login(people.alice())
        self.change = f"/admin/chat/webchat/{self.web_chat.pk}/change/"
        self.page = f"/admin/chat/webchat/{self.web_chat.pk}/embedding/"

    def form(self, **changes: Any) -> dict[str, Any]:
        """As the browser sends it: what the page shows, with the changes."""
        shown = self.client.get(self.change).context["adminform"].form
        values = {name: shown[name].value() for name in shown.fields}
        sent = {name: value for name, value in values.items() if value not in (None, False)}
        return {name: value for name, value in (sent | changes).items() if value is not None}

    def save(self, **changes: Any) -> dict[str, list[str]]:
        """What is wrong with the form, by field; nothing when it was saved."""
        response = self.client.post(self.change, self.form(**changes))
        self.web_chat.refresh_from_db()
        return {} if response.status_code == 302 else dict(response.context["adminform"].form.errors)


class FormTests(WebChatTestCase):
    def test_saving_without_a_change_changes_nothing(self) -> None:
        before = WebChat.objects.values().get(pk=self.web_chat.pk)
        self.assertEqual(self.save(), {})
        after = WebChat.objects.values().get(pk=self.web_chat.pk)
        del before["updated_at"], after["updated_at"]
        self.assertEqual(after, before)

    def test_sites_are_one_in_each_line_and_kept_as_browsers_write_them(self) -> None:
        lines = " HTTPS://Example.com/ \r\n\r\nhttp://localhost:3000\nhttps://*.example.com\nhttps://münchen.example\n"
        self.assertEqual(self.save(allowed_origins=lines + "https://example.com:443"), {})
        kept = [
            "https://example.com",
            "http://localhost:3000",
            "https://*.example.com",
            "https://xn--mnchen-3ya.example",
        ]
        self.assertEqual(self.web_chat.allowed_origins, kept)
        self.assertIn(
            "https://example.com\nhttp://localhost:3000", self.client.get(self.change).content.decode()
        )

    def test_what_is_no_site_is_told_in_a_sentence(self) -> None:
        for wrong, sentence in (
            ("example.com", "“example.com” lacks its beginning: write https://example.com"),
            (
                "https://example.com/shop",
                "goes on after the host. A whole site is allowed, not a page: write https://example.com.",
            ),
            ("javascript://x", "“javascript://x” is no site."),
            ("https://alice@example.com", "is no site."),
            ("https://example.com:99999", "is no site."),
            ("https://example.com; script-src *", "is no site."),
        ):
            errors = self.save(allowed_origins=wrong)
            self.assertIn(sentence, errors["allowed_origins"][0], wrong)
        self.assertEqual(self.web_chat.allowed_origins, ["https://shop.example", "https://*.shop.example"])

    def test_options_are_fields_and_those_without_a_field_stay(self) -> None:
        WebChat.objects.filter(pk=self.web_chat.pk).update(options={"ours": 1, "customDomain": "x.example"})
        changes = {
            "description": "Ask us.",
            "backUrl": "https://shop.example/",
            "enableShowPoweredBy": None,
            "defaultThemeMode": "dark",
            "theme_primaryColor": "#112233",
            "darkTheme_userMessageBackgroundShadowEnabled": "on",
            "darkTheme_dialogColor": "#112233",
        }
        self.assertEqual(self.save(**changes), {})
        self.assertEqual(
            self.web_chat.options,
            {
                "ours": 1,
                "customDomain": "x.example",
                "description": "Ask us.",
                "backUrl": "https://shop.example/",
                "enableShowPoweredBy": False,
                "defaultThemeMode": "dark",
                "theme": {"primaryColor": "#112233"},
                "darkTheme": {"userMessageBackgroundShadowEnabled": True, "dialogColor": "#112233"},
            },
        )
        self.assertEqual(self.save(description="", theme_primaryColor="#3854d8"), {})
        self.assertNotIn("description", self.web_chat.options)
        self.assertNotIn("theme", self.web_chat.options)

    def test_a_colour_that_no_picker_can_show_is_kept_and_what_is_none_is_refused(self) -> None:
        theme = {"primaryColor": "rgb(208, 29, 38)"}
        WebChat.objects.filter(pk=self.web_chat.pk).update(options={"theme": theme})
        self.assertEqual(self.save(), {})
        self.assertEqual(self.web_chat.options, {"theme": theme})
        for wrong in ("red; background: url(x)", "#12", "javascript:x"):
            self.assertIn("This is no colour", self.save(theme_primaryColor=wrong)["theme_primaryColor"][0])
        self.assertIn("backUrl", self.save(backUrl="javascript:alert(1)"))

    def test_the_form_before_the_chat_is_checked_in_sentences(self) -> None:
        for wrong, sentence in (
            ([], ""),
            ({"field": []}, "Write an object with “fields”, “consent” or both."),
            ({"fields": {}}, "“fields” is a list"),
            ({"fields": [{"label": "E-mail"}]}, "Field 1 needs a “name”."),
            ({"fields": [{"name": "a", "type": "date"}]}, "The “type” of field 1 is one of text,"),
            ({"fields": [{"name": "a"}, {"name": "a"}]}, "Two fields have the name “a”."),
            ({"fields": [{"name": "a", "type": "select"}]}, "Field 1 is a select and needs “options”"),
            ({"fields": [{"name": "a", "required": "yes"}]}, "“required” of field 1 is true or false."),
            ({"consent": {"url": "https://x.example"}}, "“consent” needs a “text”"),
            ({"consent": {"text": "Yes", "url": "javascript:x"}}, "The “url” of “consent” has to begin with"),
        ):
            errors = self.save(form=json.dumps(wrong))
            self.assertIn(sentence, errors.get("form", [""])[0], wrong)
            self.assertFalse(self.web_chat.form)
        right = {"fields": [{"name": "email", "type": "email", "required": True}], "consent": {"text": "Yes"}}
        self.assertEqual(self.save(form=json.dumps(right)), {})
        self.assertEqual(self.web_chat.form, right)

    def test_limits_for_visitors_are_usual_at_first_and_empty_is_none(self) -> None:
        limits = (
            *("message_characters", "messages_per_visitor", "messages_per_address", "messages_per_day"),
            "tokens_per_day",
        )

        def stored() -> list[int | None]:
            return [getattr(self.web_chat, name) for name in limits]

        self.assertEqual(stored(), [8000, 100, 500, 5000, None])
        given = (100, 3, 1, 2_000_000_000, 5_000_000_000)
        self.assertEqual(self.save(**dict(zip(limits, given, strict=True))), {})
        self.assertEqual(stored(), list(given))
        self.assertEqual(self.save(**dict.fromkeys(limits, "")), {})
        self.assertEqual(stored(), [None] * 5)
        for wrong in ("0", "-1", "1.5", "many", "99999999999999999999"):
            self.assertEqual(set(self.save(**dict.fromkeys(limits, wrong))), set(limits), wrong)
        self.assertEqual(stored(), [None] * 5)

    def test_the_daily_usage_says_whose_it_is_but_shows_no_address(self) -> None:
        usage = self.web_chat.usage
        hashed = f"address:{'c0ffee' * 10}"
        for who in ("", "visitor:x", hashed):
            usage.create(day=timezone.now().date(), who=who, messages=1)
        page = self.client.get("/admin/chat/dailyusage/").content.decode()
        for words in ("everybody", "one visitor", "one address"):
            self.assertIn(words, page)
        row = self.client.get(f"/admin/chat/dailyusage/{usage.get(who=hashed).pk}/change/").content.decode()
        self.assertIn("one address", row)
        self.assertNotIn("c0ffee", page + row)

    def test_saving_the_form_does_not_undo_a_pause_that_came_meanwhile(self) -> None:
        sent = self.form(name="Renamed")
        self.client.post(self.page, {"press": "pause"})
        self.client.post(self.change, sent | {"is_active": "on"})
        self.web_chat.refresh_from_db()
        self.assertEqual((self.web_chat.name, self.web_chat.is_active), ("Renamed", False))
        self.assertEqual(self.web_chat.generation, 2)


class PageTests(WebChatTestCase):
    def press(self, button: str, **more: str) -> str:
        response = self.client.post(self.page, {"press": button, **more}, follow=True)
        self.assertEqual(response.status_code, 200)
        return response.content.decode()

    def token(self, secret: str, **claims: Any) -> str:
        said = {
            "sub": "user-7",
            "aud": str(self.web_chat.pk),
            "exp": time.time() + 600,
            "name": "Ada",
            **claims,
        }
        return jwt.encode(said, secret, "HS256")

    def new_secret(self) -> str:
        found = SECRET.search(self.press("secret"))
        assert found
        return found[0]

    def test_a_secret_is_shown_once_and_there_are_two_at_most(self) -> None:
        response = self.client.post(self.page, {"press": "secret"})
        self.assertRegex(response.content.decode(), SECRET)
        self.assertIn("no-store", response.headers["Cache-Control"])
        for address in (self.page, self.change, "/admin/", "/admin/chat/identitysecret/"):
            self.assertNotRegex(self.client.get(address).content.decode(), SECRET)
        self.press("secret")
        self.assertIn("There are two secrets already.", self.press("secret"))
        self.assertEqual(IdentitySecret.objects.filter(web_chat=self.web_chat).count(), 2)

    def test_a_secret_is_removed_alone_or_with_all_visits(self) -> None:
        elsewhere = IdentitySecret.objects.create(
            web_chat=people.web_chat_of(people.charlie()), prefix="pis_0000", secret="pis_x"
        )
        for leaked, generation in (({}, 1), ({"leaked": "on"}, 2)):
            secret = self.new_secret()
            row = IdentitySecret.objects.get(web_chat=self.web_chat)
            self.press("remove", secret=str(elsewhere.pk), **leaked) if not leaked else None
            self.press("remove", secret=str(row.pk), **leaked)
            self.web_chat.refresh_from_db()
            self.assertEqual(self.web_chat.generation, generation)
            self.assertIn(
                "This web chat has no identity secret.", self.press("check", token=self.token(secret))
            )
        self.assertTrue(IdentitySecret.objects.filter(pk=elsewhere.pk).exists())

    def test_a_token_is_read_and_what_is_wrong_with_it_is_a_sentence(self) -> None:
        secret = self.new_secret()
        page = self.press("check", token=f" {self.token(secret)}\n")
        self.assertIn("It holds. It says:", page)
        self.assertIn("user-7", page)
        for token, sentence in (
            (self.token("another secret that is long enough"), "The signature fits none of this web chat"),
            (self.token(secret, exp=time.time() - 600), "The token has expired (exp)."),
            (self.token(secret, exp=time.time() + 9000), "The token is made for more than an hour (exp)."),
            (self.token(secret, aud=str(uuid4())), "The token is for another web chat (aud)"),
            (self.token(secret, sub=""), "The token does not say who it is about (sub)."),
            (jwt.encode({"sub": "x"}, secret, "HS256"), "The token needs sub, aud and exp."),
            (jwt.encode({"sub": "x"}, None, "none"), "The token is not signed with HS256 (alg)."),
            ("<script>alert(1)</script>", "This is no token that can be read."),
        ):
            page = self.press("check", token=token)
            self.assertIn(sentence, page)
            self.assertNotIn("It holds.", page)
            self.assertNotIn(token, page)

    def test_a_token_that_is_checked_is_nowhere_afterwards(self) -> None:
        token = self.token(self.new_secret())
        entries = LogEntry.objects.count()
        response = self.client.post(self.page, {"press": "check", "token": token})
        self.assertIn("no-store", response.headers["Cache-Control"])
        self.assertNotIn(token, response.content.decode())
        self.assertEqual(LogEntry.objects.count(), entries)

    def test_pause_and_resume_are_one_click_each_and_are_recorded(self) -> None:
        for button, active, said in (
            ("pause", False, "It is paused."),
            ("resume", True, "It is open again."),
        ):
            self.assertIn(said, self.press(button))
            self.web_chat.refresh_from_db()
            self.assertEqual(self.web_chat.is_active, active)
        self.assertEqual(self.web_chat.generation, 2)
        self.assertEqual(LogEntry.objects.filter(object_id=str(self.web_chat.pk)).count(), 2)
        chosen = {"_selected_action": [str(self.web_chat.pk)]}
        for action, active in (("pause", False), ("resume", True)):
            self.client.post("/admin/chat/webchat/", {"action": action, **chosen})
            self.web_chat.refresh_from_db()
            self.assertEqual(self.web_chat.is_active, active)

    def test_looking_changes_nothing(self) -> None:
        self.client.get(self.page, {"press": "pause"})
        self.web_chat.refresh_from_db()
        self.assertTrue(self.web_chat.is_active)

    def test_nobody_else_reaches_the_page(self) -> None:
        for person, status in ((people.charlie(), 403), (people.bob(), 302), (None, 302)):
            client = Client()
            if person:
                client.force_login(person)
            for response in (client.get(self.page), client.post(self.page, {"press": "pause"})):
                self.assertEqual(response.status_code, status)
        self.web_chat.refresh_from_db()
        self.assertTrue(self.web_chat.is_active)
