"""What members copy into a site: who gets it, on which sites it is allowed, and the preview."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.test import Client, TestCase, override_settings

from chat.models import AccessType, WebChat
from tests import people

OWN = {"127": "http://127.0.0.1:8000", "localhost": "http://localhost:8000"}
TWO = override_settings(PUBLIC_ORIGINS=[OWN["127"], OWN["localhost"]])
ONE = override_settings(PUBLIC_ORIGINS=["https://chat.example.com"], ALLOWED_HOSTS=["chat.example.com"])


class EmbeddingTests(TestCase):
    def setUp(self) -> None:
        self.web_chat = people.web_chat_of(people.alice())
        self.path = f"/accounts/web-chats/{self.web_chat.pk}/"

    def page(self, name: str, origin: str = OWN["127"], **query: str) -> str:
        client = Client(headers={"Host": urlsplit(origin).netloc})
        client.force_login(getattr(people, name)())
        response = client.get(self.path, query, secure=origin.startswith("https"))
        self.assertEqual(response.status_code, 200)
        return response.content.decode()

    def allow(self, name: str, site: str) -> str:
        client = Client()
        client.force_login(getattr(people, name)())
        response = client.post(self.path, {"allow": site, "site": site}, follow=True)
        self.web_chat.refresh_from_db()
        return response.content.decode()

    def test_it_asks_for_the_site_first(self) -> None:
        page = self.page("bob")
        self.assertIn("On which site will it stand?", page)
        self.assertNotIn("embed.min.js", page)

    @TWO
    def test_a_member_gets_the_snippets_with_the_ids_and_the_address_of_the_server(self) -> None:
        page = self.page("bob", site="shop.example/basket?x=1")
        id = self.web_chat.pk
        for snippet in (
            f'&lt;script src="{OWN["127"]}/js/embed.min.js" data-web-chat-id="{id}" async&gt;',
            f'&lt;iframe src="{OWN["127"]}/web-chats/{id}" title="Chat"',
            f'&lt;parley-chat web-chat="{id}"&gt;',
        ):
            self.assertIn(snippet, page)

    def test_a_site_that_is_covered_needs_nothing_more(self) -> None:
        sites = ["https://*.shop.example", "http://localhost:*", "https://one.example:8443"]
        WebChat.objects.filter(pk=self.web_chat.pk).update(allowed_origins=sites)
        for site, allowed in (
            ("https://a.b.shop.example", True),
            ("https://shop.example", False),
            ("https://evilshop.example", False),
            ("http://a.shop.example", False),
            ("http://localhost:3000", True),
            ("http://localhost", True),
            ("http://localhost.evil.example", False),
            ("https://one.example:8443", True),
            ("https://one.example", False),
        ):
            self.assertEqual("embed.min.js" in self.page("bob", site=site), allowed, site)

    def test_a_manager_allows_a_site_with_a_press_and_looking_allows_nothing(self) -> None:
        page = self.page("alice", site="https://new.example/path")
        self.assertIn("https://new.example is not one of the sites that may show this chat.", page)
        self.assertIn("Allow it and go on", page)
        self.web_chat.refresh_from_db()
        self.assertNotIn("https://new.example", self.web_chat.allowed_origins)
        self.assertIn("embed.min.js", self.allow("alice", "https://new.example"))
        self.assertEqual(self.web_chat.allowed_origins[-1], "https://new.example")
        before = self.web_chat.allowed_origins
        for wrong in ("https://x.example; script-src *", "javascript:x", ""):
            self.assertIn("is no site.", self.allow("alice", wrong), wrong)
        self.assertEqual(self.web_chat.allowed_origins, before)

    def test_a_member_without_the_right_is_told_whom_to_ask(self) -> None:
        page = self.page("bob", site="new.example")
        self.assertIn("Ask one of those who may allow it: Alice.", page)
        self.assertNotIn("Allow it and go on", page)
        self.assertIn(
            "Only owners and admins of the organization may allow a site.",
            self.allow("bob", "https://new.example"),
        )
        self.assertNotIn("https://new.example", self.web_chat.allowed_origins)

    def test_what_is_no_site_is_told_and_shown_as_text(self) -> None:
        page = self.page("bob", site="<script>alert(1)</script>")
        self.assertIn("is no site. Enter one such as https://www.example.com.", page)
        self.assertNotIn("<script>alert(1)", page)
        self.assertIn("Enter one site here.", self.page("alice", site="*"))

    @TWO
    def test_the_preview_is_on_the_other_origin_of_this_machine_once_that_is_allowed(self) -> None:
        page = self.page("alice", site="https://shop.example")
        self.assertIn(f"Allow {OWN['localhost']} too", page)
        self.assertNotIn("snippet-preview", page)
        self.allow("alice", OWN["localhost"])
        page = self.page("alice", site="https://shop.example", **{"as": "iframe"})
        self.assertIn(f'src="{OWN["localhost"]}/web-chats/{self.web_chat.pk}/preview?as=iframe"', page)

    @TWO
    def test_the_page_of_the_preview_has_the_chat_from_the_other_origin(self) -> None:
        for way, mark in (("script", "data-web-chat-id"), ("iframe", "<iframe"), ("inline", "<parley-chat")):
            response = self.client.get(
                f"/web-chats/{self.web_chat.pk}/preview", {"as": way}, headers={"Host": "localhost:8000"}
            )
            self.assertIn(mark, response.content.decode())
            policy = response.headers["Content-Security-Policy"]
            self.assertIn(f"frame-ancestors {OWN['127']}", policy)
            self.assertTrue(policy.endswith(f"frame-src {OWN['127']}"))
            self.assertFalse(response.cookies)

    @ONE
    def test_a_server_with_one_address_says_how_to_see_it_instead(self) -> None:
        page = self.page("alice", "https://chat.example.com", site="https://shop.example")
        self.assertIn("manage.py demo_site", page)
        response = self.client.get(
            f"/web-chats/{self.web_chat.pk}/preview", headers={"Host": "chat.example.com"}, secure=True
        )
        self.assertEqual(response.status_code, 404)

    @TWO
    def test_an_encrypted_site_needs_an_encrypted_server(self) -> None:
        sentence = "is encrypted, so browsers show the chat there only if this server is too"
        self.assertIn(sentence, self.page("bob", site="https://shop.example"))
        WebChat.objects.filter(pk=self.web_chat.pk).update(allowed_origins=["http://shop.example"])
        self.assertNotIn(sentence, self.page("bob", site="http://shop.example"))

    def test_web_chats_of_others_and_of_programs_are_out_of_reach(self) -> None:
        client = Client()
        client.force_login(people.charlie())
        for answer in (client.get(self.path), client.post(self.path, {"allow": "https://x.example"})):
            self.assertEqual(answer.status_code, 404)
        self.assertNotIn("Alice&#x27;s site", client.get("/accounts/web-chats/").content.decode())
        self.assertEqual(Client().get(self.path).status_code, 302)
        self.client.force_login(people.bob())
        self.assertIn("Alice&#x27;s site", self.client.get("/accounts/web-chats/").content.decode())
        WebChat.objects.filter(pk=self.web_chat.pk).update(access_type=AccessType.API)
        self.assertEqual(self.client.get(self.path).status_code, 404)
        self.assertNotIn("Alice&#x27;s site", self.client.get("/accounts/web-chats/").content.decode())
