from __future__ import annotations

from typing import Any

from django.test import Client

from chat.models import Membership, Role, User
from tests.people import alice, bob, charlie, make_member, make_organization, root
from tests.web.browser_like import PageTestCase


def membership(user: User) -> Membership:
    return user.memberships.get()


class PeopleTests(PageTestCase):
    def change(self, by: User, whose: User, role: str) -> Any:
        client = self.logged_in(by)
        return client.post(f"/accounts/people/{membership(whose).pk}/role/", {"role": role}, follow=True)

    def remove(self, by: User, whose: User) -> Any:
        return self.logged_in(by).post(f"/accounts/people/{membership(whose).pk}/remove/", follow=True)

    def test_owners_and_admins_see_the_people_of_their_organization_only(self) -> None:
        bob(), charlie()
        anna = make_member(make_organization(), "anna", Role.ADMIN)
        for manager in (alice(), anna):
            page = self.logged_in(manager).get("/accounts/people/")
            self.assert_says(page, "alice@example.com", "bob@example.com", "anna@example.com")
            self.assertNotIn("charlie", page.content.decode())

    def test_members_and_strangers_without_an_account_do_not(self) -> None:
        self.assertEqual(self.logged_in(bob()).get("/accounts/people/").status_code, 403)
        self.assertIn("/accounts/login/", Client().get("/accounts/people/").headers["Location"])
        self.assertNotIn(
            "/accounts/people/", self.logged_in(bob()).get("/accounts/profile/").content.decode()
        )

    def test_whoever_manages_becomes_staff_and_stops_being_it(self) -> None:
        bob()
        self.change(alice(), bob(), "admin")
        self.assertEqual((membership(bob()).role, bob().is_staff), ("admin", True))
        self.change(alice(), bob(), "member")
        self.assertEqual((membership(bob()).role, bob().is_staff), ("member", False))

    def test_a_removed_person_keeps_the_account_and_loses_the_organization(self) -> None:
        self.change(alice(), bob(), "admin")
        self.assert_says(self.remove(alice(), bob()), "Bob has been removed.")
        self.assertFalse(bob_without_joining().memberships.exists())
        self.assertFalse(bob_without_joining().is_staff)

    def test_an_organization_keeps_an_owner(self) -> None:
        refused = "An organization needs an owner."
        self.assert_says(self.change(alice(), alice(), "member"), refused)
        self.assert_says(self.remove(alice(), alice()), refused)
        self.assertEqual(membership(alice()).role, "owner")
        make_member(make_organization(), "olga", Role.OWNER)
        self.change(alice(), alice(), "member")
        self.assertEqual(membership(alice()).role, "member")

    def test_admins_neither_change_owners_nor_make_any(self) -> None:
        anna = make_member(make_organization(), "anna", Role.ADMIN)
        make_member(make_organization(), "olga", Role.OWNER)
        for response in (
            self.change(anna, alice(), "member"),
            self.remove(anna, alice()),
            self.change(anna, bob(), "owner"),
        ):
            self.assert_says(response, "You are not allowed to do this.")
        self.assertEqual((membership(alice()).role, membership(bob()).role), ("owner", "member"))

    def test_strangers_change_nobody(self) -> None:
        bob()
        self.change(charlie(), bob(), "admin")
        self.remove(charlie(), bob())
        self.assertEqual(membership(bob()).role, "member")

    def test_a_role_that_does_not_exist_changes_nothing(self) -> None:
        self.change(alice(), bob(), "emperor")
        self.assertEqual(membership(bob()).role, "member")

    def test_a_name_is_shown_as_text(self) -> None:
        dora = make_member(make_organization(), "dora")
        User.objects.filter(pk=dora.pk).update(display_name="<img src=x onerror=alert(1)>")
        page = self.logged_in(alice()).get("/accounts/people/").content.decode()
        self.assertNotIn("<img src=x", page)
        self.assertIn("&lt;img src=x", page)


def bob_without_joining() -> User:
    return User.objects.get(username="bob")


class NowhereTests(PageTestCase):
    def test_an_account_without_an_organization_is_told_so(self) -> None:
        page = self.logged_in(root()).get("/")
        self.assertEqual(page.status_code, 403)
        self.assert_says(page, "No organization yet")
