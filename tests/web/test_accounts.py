from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client, override_settings

from chat.models import Membership, Role, User
from tests.people import PASSWORD, alice, bob, charlie, make_organization, root
from tests.web.browser_like import PageTestCase


class LogInTests(PageTestCase):
    def test_a_person_logs_in_with_user_name_or_email_in_any_casing(self) -> None:
        alice()
        for login in ("alice", "Alice", "alice@example.com", "ALICE@example.com"):
            client = Client()
            self.assertRedirects(self.log_in(client, login), "/", fetch_redirect_response=False)
            self.assertTrue(self.is_logged_in(client))

    def test_a_wrong_password_and_an_unknown_name_sound_the_same(self) -> None:
        alice()
        known = self.log_in(Client(), "alice", "wrong").content.decode()
        unknown = self.log_in(Client(), "nobody", "wrong").content.decode()
        for page in (known, unknown):
            self.assertIn("User name and password do not match.", page)

    def test_after_many_wrong_passwords_even_the_right_one_has_to_wait(self) -> None:
        alice()
        for _ in range(5):
            self.log_in(Client(), "alice", "wrong")
        client = Client()
        self.assert_says(self.log_in(client, "alice"), "Too many tries.")
        self.assertFalse(self.is_logged_in(client))

    def test_behind_a_proxy_one_persons_wrong_passwords_shut_nobody_else_out(self) -> None:
        alice()
        with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
            for number in range(20):
                forged = f"198.51.100.{number}, 203.0.113.1"
                self.log_in(Client(headers={"X-Forwarded-For": forged}), f"nobody{number}", "wrong")
            attacker = Client(headers={"X-Forwarded-For": "198.51.100.99, 203.0.113.1"})
            self.assert_says(self.log_in(attacker, "alice"), "Too many tries.")
            person = Client(headers={"X-Forwarded-For": "203.0.113.2"})
            self.log_in(person, "alice")
        self.assertTrue(self.is_logged_in(person))

    def test_without_a_proxy_an_address_that_a_client_claims_does_not_count(self) -> None:
        alice()
        for number in range(20):
            self.log_in(
                Client(headers={"X-Forwarded-For": f"198.51.100.{number}"}), f"nobody{number}", "wrong"
            )
        client = Client(headers={"X-Forwarded-For": "203.0.113.2"})
        self.assert_says(self.log_in(client, "alice"), "Too many tries.")

    def test_forty_wrong_passwords_on_the_admins_log_in_are_stopped(self) -> None:
        root()
        client = Client()
        asked = client.get("/admin/", follow=True)
        self.assertEqual(asked.request["PATH_INFO"], "/accounts/login/")
        for number in range(40):
            straight = client.post("/admin/login/", {"username": "root", "password": f"wrong {number}"})
            self.assertEqual(straight.status_code, 302)
            self.log_in(client, "root", f"wrong {number}", next="/admin/")
        client.post("/admin/login/", {"username": "root", "password": PASSWORD})
        self.log_in(client, "root", next="/admin/")
        self.assertFalse(self.is_logged_in(client))

    def test_an_inactive_account_stays_outside(self) -> None:
        alice()
        User.objects.update(is_active=False)
        client = Client()
        self.log_in(client, "alice")
        self.assertFalse(self.is_logged_in(client))

    def test_logging_out_takes_a_post(self) -> None:
        client = self.logged_in(alice())
        client.get("/accounts/logout/")
        self.assertTrue(self.is_logged_in(client))
        client.post("/accounts/logout/")
        self.assertFalse(self.is_logged_in(client))

    def test_the_log_in_page_offers_an_account_only_where_one_can_be_made(self) -> None:
        make_organization()
        self.assertNotIn("Create one", Client().get("/accounts/login/").content.decode())
        with override_settings(SIGNUP_OPEN=True):
            self.assert_says(Client().get("/accounts/login/"), "Create one")

    def test_next_leads_nowhere_else(self) -> None:
        alice()
        response = self.log_in(Client(), "alice", next="https://evil.example/")
        self.assertRedirects(response, "/", fetch_redirect_response=False)


class SignUpTests(PageTestCase):
    def test_sign_up_is_closed_by_default(self) -> None:
        make_organization()
        client = Client()
        self.assert_says(client.get("/accounts/signup/"), "By invitation only")
        self.sign_up(client, "dora")
        self.assertFalse(User.objects.filter(username="dora").exists())

    @override_settings(SIGNUP_OPEN=True)
    def test_a_new_account_joins_the_only_organization_as_a_member(self) -> None:
        home = make_organization()
        self.sign_up(Client(), "dora")
        dora = Membership.objects.select_related("user").get(user__username="dora")
        self.assertEqual((dora.organization, dora.role, dora.user.is_staff), (home, Role.MEMBER, False))

    @override_settings(SIGNUP_OPEN=True)
    def test_a_new_account_joins_the_default_organization_named_by_name_or_id(self) -> None:
        make_organization("Elsewhere")
        home = make_organization("Home")
        for username, named in (("dora", "Home"), ("emil", str(home.pk))):
            with override_settings(DEFAULT_ORGANIZATION=named):
                self.sign_up(Client(), username)
            self.assertEqual(Membership.objects.get(user__username=username).organization, home)

    @override_settings(SIGNUP_OPEN=True)
    @override_settings(SIGNUP_OPEN=True)
    def test_nobody_signs_up_under_the_names_that_the_demo_makes_admins_of(self) -> None:
        make_organization()
        for name in ("demo-admin", "Demo-Admin", "demo"):
            self.sign_up(Client(), name, "guest@example.com")
        self.assertFalse(User.objects.exists())
        self.sign_up(Client(), "guest")
        self.assertTrue(User.objects.filter(username="guest").exists())

    def test_nobody_signs_up_into_nowhere(self) -> None:
        make_organization("Home")
        make_organization("Elsewhere")
        for named in ("", "Atlantis"):
            with override_settings(DEFAULT_ORGANIZATION=named):
                self.assert_says(Client().get("/accounts/signup/"), "By invitation only")

    @override_settings(SIGNUP_OPEN=True)
    def test_an_address_has_one_account(self) -> None:
        alice()
        self.assert_says(self.sign_up(Client(), "dora", "Alice@example.com"), "already registered")
        self.assertFalse(User.objects.filter(username="dora").exists())

    @override_settings(SIGNUP_OPEN=True)
    def test_a_new_account_is_asked_to_verify_its_address(self) -> None:
        make_organization()
        self.sign_up(Client(), "dora")
        self.assertEqual(mail.outbox[-1].to, ["dora@example.com"])


class PasswordTests(PageTestCase):
    def test_a_forgotten_password_is_reset_by_email(self) -> None:
        alice()
        client = Client()
        client.post("/accounts/password/reset/", {"email": "alice@example.com"})
        page = client.get(self.link_in_last_mail("/accounts/password/reset/key/"), follow=True)
        new = {"password1": "another fine password", "password2": "another fine password"}
        client.post(page.request["PATH_INFO"], new)
        self.log_in(client, "alice", "another fine password")
        self.assertTrue(self.is_logged_in(client))

    def test_asking_for_an_unknown_address_looks_the_same(self) -> None:
        alice()
        known = Client().post("/accounts/password/reset/", {"email": "alice@example.com"}, follow=True)
        unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.com"}, follow=True)
        self.assertEqual(known.request["PATH_INFO"], unknown.request["PATH_INFO"])
        self.assertEqual(known.status_code, unknown.status_code)

    def test_the_admins_own_password_page_is_the_one_with_limits(self) -> None:
        response = self.logged_in(alice()).get("/admin/password_change/")
        self.assertRedirects(response, "/accounts/password/change/")


class EmailTests(PageTestCase):
    def test_every_email_is_in_parleys_own_words_and_in_the_readers_language(self) -> None:
        alice()
        self.ask_for_reset("alice@example.com")
        self.assert_mail("Choose a new password", "asked for a new password for alice on Parley.")
        self.ask_for_reset("alice@example.com", "zh-hant")
        self.assert_mail("設定新密碼", "要為 Parley 的帳號 alice 設定新密碼。")
        self.logged_in(alice()).post("/accounts/email/", {"action_add": "", "email": "alice@second.example"})
        self.assert_mail("Confirm your e-mail address", "gave this e-mail address to Parley.")

    def test_who_has_no_account_gets_no_email_about_it(self) -> None:
        self.ask_for_reset("nobody@example.com")
        self.assertEqual(mail.outbox, [])

    def ask_for_reset(self, email: str, language: str = "en") -> None:
        client = Client(headers={"Accept-Language": language})
        client.post("/accounts/password/reset/", {"email": email})

    def assert_mail(self, subject: str, text: str) -> None:
        newest = mail.outbox[-1]
        self.assertEqual(newest.subject, f"[Parley] {subject}")
        self.assertIn(text, newest.body)
        self.assertNotIn("Hello from", newest.body)


class LanguageTests(PageTestCase):
    def test_the_language_of_the_profile_is_kept_and_follows_to_the_next_log_in(self) -> None:
        client = self.logged_in(alice())
        client.post("/accounts/profile/", {"display_name": "Alice", "language": "zh-hant"})
        self.assertEqual(client.cookies["django_language"].value, "zh-hant")
        elsewhere = Client()
        self.log_in(elsewhere, "alice")
        self.assertEqual(elsewhere.cookies["django_language"].value, "zh-hant")
        self.assert_says(elsewhere.get("/accounts/profile/"), 'lang="zh-hant"')

    def test_a_visitor_chooses_a_language_before_logging_in(self) -> None:
        client = Client()
        chosen = client.post("/accounts/language/", {"language": "zh-hant", "next": "/accounts/login/"})
        self.assertRedirects(chosen, "/accounts/login/", fetch_redirect_response=False)
        self.assert_says(client.get("/accounts/login/"), 'lang="zh-hant"')

    def test_choosing_a_language_leads_to_no_other_site_and_takes_no_other_language(self) -> None:
        client = Client()
        response = client.post("/accounts/language/", {"language": "xx", "next": "//evil.example/"})
        self.assertRedirects(response, "/", fetch_redirect_response=False)
        self.assertNotIn("django_language", client.cookies)


class SecondFactorTests(PageTestCase):
    def set_up(self, client: Client) -> str:
        """Set up an authenticator app, after giving the password once more; returns its secret."""
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
        client.post("/accounts/2fa/totp/activate/", {"code": code_for(secret)})
        return str(secret)

    def test_with_a_second_factor_the_password_is_not_enough(self) -> None:
        self.set_up(self.logged_in(alice()))
        client = Client()
        self.assertRedirects(self.log_in(client, "alice"), "/accounts/2fa/authenticate/")
        self.assertFalse(self.is_logged_in(client))

    def test_a_recovery_code_lets_in_once(self) -> None:
        self.set_up(self.logged_in(alice()))
        codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
        for expected in (True, False):
            client = Client()
            self.log_in(client, "alice")
            client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
            self.assertEqual(self.is_logged_in(client), expected)

    def test_its_secret_is_not_in_the_database_in_clear(self) -> None:
        secret = self.set_up(self.logged_in(alice()))
        stored = Authenticator.objects.get(type="totp").data["secret"]
        self.assertNotIn(secret, stored)

    def test_setting_it_up_asks_for_the_password_again(self) -> None:
        client = self.logged_in(alice())
        response = client.get("/accounts/2fa/totp/activate/")
        self.assertEqual(response.headers["Location"].partition("?")[0], "/accounts/reauthenticate/")

    def test_staff_may_be_asked_for_one_before_they_use_their_powers(self) -> None:
        with override_settings(REQUIRE_MFA_FOR_STAFF=True):
            client = self.logged_in(alice())
            for page in ("/admin/", "/accounts/people/"):
                response = client.get(page)
                self.assertRedirects(response, "/accounts/2fa/totp/activate/", fetch_redirect_response=False)
            self.set_up(client)
            for page in ("/admin/", "/accounts/people/"):
                self.assertEqual(client.get(page).status_code, 200)
            self.assertEqual(self.logged_in(bob()).get("/accounts/profile/").status_code, 200)

    def test_by_default_staff_may_go_without(self) -> None:
        self.assertEqual(self.logged_in(charlie()).get("/admin/").status_code, 200)


def code_for(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))
