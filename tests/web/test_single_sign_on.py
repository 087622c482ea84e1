from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client, override_settings

from chat.models import Invitation, Membership, Role, User
from chat.services.invitations import invite
from tests.people import alice, make_organization
from tests.web.browser_like import PageTestCase
from tests.web.identity_provider import IdentityProvider


class SingleSignOnTests(PageTestCase):
    def come_in(self, client: Client, **person: Any) -> Any:
        """Log in through a provider that says: this is ``person``."""
        with IdentityProvider(**person) as provider:
            app = {
                "provider_id": "oidc",
                "name": "Home login",
                "client_id": "parley",
                "secret": "hush",
                "settings": {"server_url": provider.configuration},
            }
            with override_settings(SOCIALACCOUNT_PROVIDERS={"openid_connect": {"APPS": [app]}}):
                self.assert_says(client.get("/accounts/login/"), "Continue with Home login")
                sent = client.post("/accounts/oidc/oidc/login/")
                asked = urlsplit(sent.headers["Location"])
                self.assertEqual(f"{asked.scheme}://{asked.netloc}", provider.url)
                state = parse_qs(asked.query)["state"][0]
                return client.get("/accounts/oidc/oidc/login/callback/", {"code": "x", "state": state})

    def test_a_stranger_gets_no_account_without_an_invitation(self) -> None:
        make_organization()
        client = Client()
        page = self.come_in(client, email="dora@example.com")
        self.assert_says(page, "By invitation only")
        self.assertFalse(User.objects.filter(email="dora@example.com").exists())

    def test_with_an_invitation_the_new_account_joins_what_it_was_invited_to(self) -> None:
        _made, link = invite(
            organization=make_organization(),
            email="dora@example.com",
            role=Role.ADMIN,
            by=alice(),
            base_url="http://testserver",
        )
        client = Client()
        client.get(link)
        self.come_in(client, email="dora@example.com", preferred_username="dora")
        membership = Membership.objects.select_related("user").get(user__email="dora@example.com")
        self.assertEqual((membership.role, membership.user.username), ("admin", "dora"))
        self.assertTrue(self.is_logged_in(client))
        self.assertIsNotNone(Invitation.objects.get().accepted_at)

    @override_settings(SIGNUP_OPEN=True)
    def test_where_sign_up_is_open_the_new_account_joins_the_default_organization(self) -> None:
        home = make_organization()
        for _ in range(2):
            self.come_in(Client(), email="dora@example.com")
        self.assertEqual(Membership.objects.get(user__email="dora@example.com").organization, home)

    @override_settings(SIGNUP_OPEN=True)
    def test_an_address_at_the_provider_does_not_open_an_account_that_has_it_here(self) -> None:
        alice()
        client = Client()
        self.come_in(client, email="alice@example.com")
        self.assertFalse(self.is_logged_in(client))

    def test_the_provider_is_reached_by_a_post_only(self) -> None:
        with IdentityProvider() as provider:
            app = {
                "provider_id": "oidc",
                "client_id": "x",
                "settings": {"server_url": provider.configuration},
            }
            with override_settings(SOCIALACCOUNT_PROVIDERS={"openid_connect": {"APPS": [app]}}):
                self.assertEqual(Client().get("/accounts/oidc/oidc/login/").status_code, 200)
