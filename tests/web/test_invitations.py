from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone

from chat.models import Invitation, Membership, Role, User
from tests.people import alice, bob, charlie, make_member, make_organization
from tests.web.browser_like import PageTestCase


class InvitationTestCase(PageTestCase):
    def invite(self, email: str = "dora@example.com", role: str = "member", by: User | None = None) -> str:
        """Invite through the page; returns the path of the link that was mailed."""
        page = self.ask(email, role, by)
        self.assert_says(page, "An invitation is on its way")
        return self.link_in_last_mail("/invitations/")

    def ask(self, email: str = "dora@example.com", role: str = "member", by: User | None = None) -> Any:
        client = self.logged_in(by or alice())
        return client.post("/accounts/people/invite/", {"email": email, "role": role})


class SendTests(InvitationTestCase):
    def test_an_invitation_is_mailed_and_shown_once_and_only_its_digest_is_stored(self) -> None:
        client = self.logged_in(alice())
        form = {"email": "Dora@Example.com", "role": "member"}
        page = client.post("/accounts/people/invite/", form).content.decode()
        link = self.link_in_last_mail("/invitations/")
        token = link.split("/")[2]
        self.assertEqual(len(token), 43)
        self.assertEqual(mail.outbox[-1].to, ["dora@example.com"])
        self.assertIn("Alice invites you to Home", str(mail.outbox[-1].body))
        self.assertIn(link, page)
        self.assertNotIn(token, client.get("/accounts/people/").content.decode())
        self.assertNotIn(token, str(Invitation.objects.values().get()))

    def test_the_link_begins_with_the_public_address(self) -> None:
        with override_settings(PUBLIC_URL="https://chat.example.com"):
            self.invite()
        self.assertIn("https://chat.example.com/invitations/", str(mail.outbox[-1].body))

    def test_who_belongs_already_is_not_invited(self) -> None:
        bob()
        page = self.logged_in(alice()).post(
            "/accounts/people/invite/", {"email": "BOB@example.com", "role": "admin"}, follow=True
        )
        self.assert_says(page, "This person already belongs to the organization.")
        self.assertEqual(mail.outbox, [])

    def test_a_second_invitation_ends_the_first(self) -> None:
        first, second = self.invite(), self.invite()
        self.assertEqual(Client().get(first, follow=True).status_code, 404)
        self.assertEqual(Client().get(second, follow=True).status_code, 200)

    def test_only_owners_invite_owners(self) -> None:
        admin = make_member(make_organization(), "anna", Role.ADMIN)
        self.ask(role="owner", by=admin)
        self.assertFalse(Invitation.objects.exists())
        self.invite(role="admin", by=admin)
        self.invite(role="owner")

    def test_members_invite_nobody(self) -> None:
        self.assertEqual(self.ask(by=bob()).status_code, 403)
        self.assertFalse(Invitation.objects.exists())


class AcceptTests(InvitationTestCase):
    def test_somebody_new_makes_an_account_and_joins_with_the_role(self) -> None:
        link, client = self.invite(role="admin"), Client()
        self.assert_says(client.get(link, follow=True), "Join Home", "Alice invites you", "dora@example.com")
        self.assert_says(client.get("/accounts/signup/"), 'value="dora@example.com"')
        self.sign_up(client, "dora")
        membership = Membership.objects.select_related("organization", "user").get(user__username="dora")
        self.assertEqual((membership.organization.name, membership.role), ("Home", "admin"))
        self.assertTrue(membership.user.is_staff)
        self.assertTrue(self.is_logged_in(client))

    def test_somebody_with_an_account_logs_in_and_joins(self) -> None:
        link, client = self.invite("charlie@example.com"), Client()
        charlie()
        client.get(link)
        page = self.log_in(client, "charlie", next="/invitations/")
        self.assertRedirects(page, "/invitations/")
        self.assert_says(client.get("/invitations/"), "Join as Charlie")
        client.post("/invitations/accept/")
        self.assertEqual(charlie().memberships.count(), 2)

    def test_looking_at_the_link_changes_nothing(self) -> None:
        link = self.invite()
        before = Invitation.objects.values().get()
        client = self.logged_in(charlie())
        for _ in range(2):
            client.get(link, follow=True)
        self.assertEqual(Invitation.objects.values().get(), before)
        self.assertEqual(charlie().memberships.count(), 1)

    def test_the_token_leaves_the_address_at_once_and_is_not_in_the_session(self) -> None:
        link, client = self.invite(), Client()
        response = client.get(link)
        self.assertRedirects(response, "/invitations/", fetch_redirect_response=False)
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
        self.assertIn("no-store", response.headers["Cache-Control"])
        self.assertNotIn(link.split("/")[2], str(dict(client.session)))

    def test_it_works_once(self) -> None:
        link, late = self.invite(), self.logged_in(charlie())
        late.get(link)
        first = Client()
        first.get(link)
        self.sign_up(first, "dora")
        self.assert_says(late.post("/invitations/accept/", follow=True), "does not work any more")
        self.assertEqual(charlie().memberships.count(), 1)
        self.assertEqual(Client().get(link, follow=True).status_code, 404)

    def test_a_used_invitation_lets_nobody_sign_up(self) -> None:
        link, late, first = self.invite(), Client(), Client()
        late.get(link)
        first.get(link)
        self.sign_up(first, "dora")
        self.sign_up(late, "emil")
        self.assertFalse(User.objects.filter(username="emil").exists())

    def test_it_ends_after_seven_days(self) -> None:
        link = self.invite()
        made = Invitation.objects.get()
        self.assertAlmostEqual(
            made.expires_at, timezone.now() + timedelta(days=7), delta=timedelta(minutes=1)
        )
        Invitation.objects.update(expires_at=timezone.now())
        self.assertEqual(Client().get(link, follow=True).status_code, 404)

    def test_a_revoked_one_is_gone(self) -> None:
        link = self.invite()
        owner = self.logged_in(alice())
        owner.post(f"/accounts/people/invitations/{Invitation.objects.get().pk}/revoke/")
        self.assertEqual(Client().get(link, follow=True).status_code, 404)

    def test_a_stranger_does_not_revoke_it(self) -> None:
        link = self.invite()
        self.logged_in(charlie()).post(f"/accounts/people/invitations/{Invitation.objects.get().pk}/revoke/")
        self.assertEqual(Client().get(link, follow=True).status_code, 200)

    def test_an_invitation_never_lowers_a_role(self) -> None:
        link, owner = self.invite("owner@elsewhere.example"), self.logged_in(alice())
        owner.get(link)
        owner.post("/invitations/accept/")
        self.assertEqual(alice().memberships.get().role, Role.OWNER)

    def test_another_account_can_be_used_without_the_link(self) -> None:
        link, client = self.invite(), self.logged_in(charlie())
        client.get(link)
        client.post("/invitations/another-account/")
        self.assertFalse(self.is_logged_in(client))
        self.assert_says(client.get("/invitations/"), "Create an account")

    def test_a_made_up_token_opens_nothing(self) -> None:
        for token in ("x", "%2e%2e", "0" * 43):
            page = Client().get(f"/invitations/{token}/", follow=True)
            self.assertEqual(page.status_code, 404)
            self.assert_says(page, "This invitation does not work any more")
