from __future__ import annotations

import asyncio
import threading

from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, SimpleTestCase, override_settings
from django.views.defaults import server_error

from chat.web.headers import SecurityHeadersMiddleware
from tests.people import alice, bob
from tests.web.browser_like import PageTestCase

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors 'none'"
)


class SurfaceTests(PageTestCase):
    def test_the_accounts_pages_have_the_strict_policy_and_all_other_headers(self) -> None:
        headers = Client().get("/accounts/login/").headers
        self.assertEqual(headers["Content-Security-Policy"], STRICT)
        self.assertEqual(headers["X-Frame-Options"], "DENY")
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["Referrer-Policy"], "same-origin")
        self.assertEqual(headers["Cross-Origin-Opener-Policy"], "same-origin")
        self.assertIn("camera=()", headers["Permissions-Policy"])

    def test_the_chat_and_every_refusal_have_the_strict_policy(self) -> None:
        for client, path in ((self.logged_in(alice()), "/"), (Client(), "/"), (Client(), "/no/such/page")):
            self.assertEqual(client.get(path).headers["Content-Security-Policy"], STRICT)

    def test_the_admin_has_what_unfold_needs_and_no_more(self) -> None:
        policy = self.logged_in(alice()).get("/admin/").headers["Content-Security-Policy"]
        self.assertEqual(
            policy,
            STRICT.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'").replace(
                "style-src 'self'", "style-src 'self' 'unsafe-inline'"
            ),
        )

    def test_single_sign_on_may_lead_a_form_to_its_provider(self) -> None:
        app = {
            "settings": {"server_url": "https://id.example.com/realms/home/.well-known/openid-configuration"}
        }
        with override_settings(SOCIALACCOUNT_PROVIDERS={"openid_connect": {"APPS": [app]}}):
            response = answer("/accounts/login/")
        self.assertIn("form-action 'self' https://id.example.com;", response["Content-Security-Policy"])
        self.assertNotIn("id.example.com", answer("/")["Content-Security-Policy"])


class MiddlewareTests(SimpleTestCase):
    def test_a_view_that_sets_its_own_policy_speaks_for_framing_too(self) -> None:
        response = answer(
            "/web-chats/1", **{"Content-Security-Policy": "frame-ancestors https://shop.example"}
        )
        self.assertEqual(response["Content-Security-Policy"], "frame-ancestors https://shop.example")
        self.assertFalse(response.has_header("X-Frame-Options"))

    def test_in_the_event_loop_it_changes_no_thread(self) -> None:
        seen: list[int] = []

        async def view(request: HttpRequest) -> HttpResponse:
            seen.append(threading.get_ident())
            return HttpResponse()

        async def ask() -> HttpResponse:
            seen.append(threading.get_ident())
            answered: HttpResponse = await SecurityHeadersMiddleware(view)(RequestFactory().get("/"))
            seen.append(threading.get_ident())
            return answered

        response = asyncio.run(ask())
        self.assertEqual(len(set(seen)), 1)
        self.assertEqual(response["Content-Security-Policy"], STRICT)


def answer(path: str, **headers: str) -> HttpResponse:
    middleware = SecurityHeadersMiddleware(lambda request: HttpResponse(headers=headers))
    response: HttpResponse = middleware(RequestFactory().get(path))
    return response


class RefusalTests(PageTestCase):
    def test_every_refusal_is_a_page_in_words(self) -> None:
        strict = Client(enforce_csrf_checks=True)
        for response, status, said in (
            (Client().get("/no/such/page"), 404, "There is nothing here"),
            (self.logged_in(bob()).get("/accounts/people/"), 403, "This page is not for you"),
            (strict.post("/accounts/login/", {"login": "x"}), 403, "This form is too old"),
        ):
            self.assertEqual(response.status_code, status)
            self.assert_says(response, said)

    def test_an_error_of_the_server_is_one_too(self) -> None:
        page = server_error(RequestFactory().get("/"))
        self.assertEqual(page.status_code, 500)
        self.assert_says(page, "Something failed")
