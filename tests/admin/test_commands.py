from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO

from django.core.management import CommandError, call_command
from django.test import Client, TestCase

from chat.models import ApiKey, Chatbot, Organization, User
from chat.services.keys import digest_of
from tests.people import PASSWORD, alice, bob, charlie, make_organization


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


class CreateOrganizationTests(TestCase):
    def test_the_first_owner_sets_a_password_by_the_printed_link_and_manages_the_organization(self) -> None:
        told = run("create_organization", "Fernhill", "--owner-email", "Dora@Example.com")
        link = re.search(r"http://127\.0\.0\.1:\d+(/\S+)", told)
        assert link
        client = Client()
        page = client.get(link[1], follow=True)
        client.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
        client.post("/accounts/login/", {"login": "dora@example.com", "password": PASSWORD})
        self.assertEqual(client.get("/admin/chat/chatbot/").status_code, 200)
        dora = User.objects.get(email="dora@example.com")
        self.assertEqual((dora.username, dora.is_superuser), ("dora", False))
        self.assertEqual(Chatbot.objects.get().organization.name, "Fernhill")

    def test_an_existing_account_becomes_the_owner_and_keeps_its_password(self) -> None:
        charlie()
        told = run("create_organization", "Fernhill", "--owner-email", "charlie@example.com")
        self.assertNotIn("http", told)
        self.assertEqual(charlie().memberships.get(organization__name="Fernhill").role, "owner")

    def test_a_taken_user_name_gets_a_number(self) -> None:
        alice()
        run("create_organization", "Fernhill", "--owner-email", "alice@elsewhere.example")
        self.assertEqual(User.objects.get(email="alice@elsewhere.example").username, "alice1")

    def test_what_cannot_be_is_said_and_changes_nothing(self) -> None:
        alice()
        for arguments, said in (
            (("Home", "--owner-email", "dora@example.com"), "with this name already"),
            (("Fernhill", "--owner-email", "not an address"), "valid email"),
            (("Fernhill", "--owner-email", "d@example.com", "--owner-username", "Alice"), "is taken"),
        ):
            with self.assertRaisesRegex(CommandError, said):
                run("create_organization", *arguments)
        self.assertEqual((Organization.objects.count(), User.objects.count()), (1, 1))


class CreateApiKeyTests(TestCase):
    def test_the_key_is_printed_and_its_digest_stored(self) -> None:
        home = make_organization()
        for named in (str(home.pk), "Home"):
            text = run("create_api_key", named, "Robot").strip()
            self.assertRegex(text, r"^pk_[0-9a-f]{8}_[\w-]{43}$")
            self.assertEqual(ApiKey.objects.get(digest=digest_of(text)).organization, home)

    def test_it_can_act_for_a_member_and_expire(self) -> None:
        bob()
        text = run("create_api_key", "Home", "Robot", "--username", "bob", "--days", "30").strip()
        key = ApiKey.objects.get(digest=digest_of(text))
        self.assertEqual(key.user, bob())
        assert key.expires_at
        self.assertAlmostEqual(
            key.expires_at - key.created_at, timedelta(days=30), delta=timedelta(minutes=1)
        )

    def test_it_can_be_limited_in_what_it_may_do(self) -> None:
        make_organization()
        text = run("create_api_key", "Home", "Robot", "--scope", "read").strip()
        self.assertEqual(ApiKey.objects.get(digest=digest_of(text)).scopes, ["read"])
        with self.assertRaisesRegex(CommandError, "1 to 36500"):
            run("create_api_key", "Home", "Robot", "--days", "0")

    def test_it_acts_for_no_stranger(self) -> None:
        alice(), charlie()
        with self.assertRaisesRegex(CommandError, "must belong"):
            run("create_api_key", "Home", "Robot", "--username", "charlie")
        with self.assertRaisesRegex(CommandError, "no account"):
            run("create_api_key", "Home", "Robot", "--username", "nobody")
        with self.assertRaisesRegex(CommandError, "no organization"):
            run("create_api_key", "Atlantis", "Robot")
