"""What is secret is written, never read; what is made once is shown once."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django.core import mail
from django.db import connection
from django.test import Client, TestCase

from chat.models import ApiKey, Invitation, LanguageModel
from chat.replies.prompt import endpoint
from tests.people import alice, make_organization, root


class SecretTests(TestCase):
    def setUp(self) -> None:
        self.client = Client()
        self.client.force_login(root())
        self.model = LanguageModel.objects.create(name="Big", url="https://m.example/v1", api_key="sk-secret")
        self.url = f"/admin/chat/languagemodel/{self.model.pk}/change/"

    def save(self, **form: str) -> LanguageModel:
        kept: dict[str, Any] = {"name": "Big", "provider": "openai", "model": "m", "context_tokens": 8192}
        response = self.client.post(self.url, kept | form)
        self.assertEqual(response.status_code, 302)
        return LanguageModel.objects.get()

    def test_the_form_says_that_a_secret_is_set_and_not_what_it_is(self) -> None:
        page = self.client.get(self.url).content.decode()
        self.assertIn("Set. Leave it empty to keep it.", page)
        self.assertNotIn("sk-secret", page)
        self.assertNotIn("m.example", page)

    def test_an_empty_field_keeps_the_secret_and_a_full_one_replaces_it(self) -> None:
        self.assertEqual(self.save(api_key="", url="").api_key, "sk-secret")
        changed = self.save(api_key="sk-other", url="")
        self.assertEqual((changed.api_key, changed.url), ("sk-other", "https://m.example/v1"))

    def test_what_a_provider_cannot_do_without_is_asked_for(self) -> None:
        blank = LanguageModel.objects.create(name="Blank")
        url = f"/admin/chat/languagemodel/{blank.pk}/change/"
        kept: dict[str, Any] = {"name": "Blank", "context_tokens": 8192}
        openai = self.client.post(url, kept | {"provider": "openai"})
        self.assertContains(openai, "Enter the address of the endpoint")
        chatbot = self.client.post(url, kept | {"provider": "maiagent", "url": "https://m.example/api"})
        self.assertContains(chatbot, "Enter the id of the chatbot at MaiAgent")
        self.assertNotContains(chatbot, "Enter the address of the endpoint")
        whole = {"provider": "maiagent", "url": "https://m.example/api", "chatbot_id": "4c1e"}
        self.assertEqual(self.client.post(url, kept | whole).status_code, 302)
        asked = endpoint(LanguageModel.objects.get(pk=blank.pk))
        self.assertEqual((asked.provider, asked.url, asked.chatbot_id), tuple(whole.values()))
        self.assertEqual(self.client.post(url, kept | {"provider": "builtin"}).status_code, 302)

    def test_it_is_encrypted_in_the_database(self) -> None:
        self.save(api_key="sk-other")
        with connection.cursor() as cursor:
            cursor.execute("SELECT url, api_key FROM chat_languagemodel")
            self.assertNotRegex(str(cursor.fetchall()), "sk-|m.example")

    def test_an_organizations_admin_sees_neither_address_nor_key(self) -> None:
        self.client.force_login(alice())
        for path in ("/admin/chat/languagemodel/", self.url):
            page = self.client.get(path).content.decode()
            self.assertIn("Big", page)
            for secret in ("sk-secret", "m.example", 'name="api_key"', 'name="url"'):
                self.assertNotIn(secret, page)


class OnceTests(TestCase):
    def setUp(self) -> None:
        self.client = Client()
        self.client.force_login(alice())

    def test_a_key_is_shown_once_and_only_its_digest_is_stored(self) -> None:
        form = {"organization": make_organization().pk, "name": "Robot"}
        answer = self.client.post("/admin/chat/apikey/add/", form)
        found = re.search(r"pk_[0-9a-f]{8}_[\w-]{43}", answer.content.decode())
        assert found
        key = ApiKey.objects.get()
        self.assertEqual(key.digest, hashlib.sha256(found[0].encode()).hexdigest())
        self.assertEqual(key.prefix, found[0][:11])
        self.assertIn("no-store", answer.headers["Cache-Control"])
        self.assertNotIn(found[0], str(answer.cookies) + str(dict(self.client.session)))
        for path in ("/admin/chat/apikey/", f"/admin/chat/apikey/{key.pk}/change/", "/admin/"):
            page = self.client.get(path).content.decode()
            self.assertNotIn(found[0], page)
            self.assertNotIn(key.digest, page)

    def test_a_key_is_made_with_what_it_may_do_and_until_when(self) -> None:
        form = {
            "organization": make_organization().pk,
            "name": "Robot",
            "scopes": ["read", "write"],
            "expires_at_0": "2999-01-01",
            "expires_at_1": "00:00",
        }
        self.client.post("/admin/chat/apikey/add/", form)
        key = ApiKey.objects.get()
        self.assertEqual((key.scopes, key.expires_at and key.expires_at.year), (["read", "write"], 2999))
        wrong = {"scopes": ["root"], "expires_at_0": "2001-01-01"}
        refused = self.client.post("/admin/chat/apikey/add/", form | wrong)
        self.assertContains(refused, "root is not one of the available choices")
        self.assertContains(refused, "Choose a moment that is still to come.")

    def test_a_key_is_revoked_and_stays_on_record(self) -> None:
        self.client.post("/admin/chat/apikey/add/", {"organization": make_organization().pk, "name": "Robot"})
        chosen = {"action": "revoke", "_selected_action": [str(ApiKey.objects.get().pk)]}
        self.client.post("/admin/chat/apikey/", chosen)
        self.assertIsNotNone(ApiKey.objects.get().revoked_at)
        self.assertEqual(
            self.client.get(f"/admin/chat/apikey/{ApiKey.objects.get().pk}/delete/").status_code, 403
        )

    def test_an_invitation_is_mailed_and_its_link_shown_once(self) -> None:
        form = {"organization": make_organization().pk, "email": "dora@example.com", "role": "member"}
        page = self.client.post("/admin/chat/invitation/add/", form).content.decode()
        found = re.search(r"http://testserver/invitations/[\w-]{43}/", page)
        assert found
        self.assertIn(found[0], str(mail.outbox[0].body))
        again = self.client.get(
            f"/admin/chat/invitation/{Invitation.objects.get().pk}/change/"
        ).content.decode()
        self.assertNotIn(found[0], again)
        self.assertNotIn(Invitation.objects.get().token_digest, again)
