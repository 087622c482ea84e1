"""What a person does in a browser, through Django's test client."""

from __future__ import annotations

import re
from typing import Any

from django.core import mail
from django.http import HttpResponse
from django.test import Client, TestCase

from chat.models import User
from tests.people import PASSWORD


class PageTestCase(TestCase):
    def logged_in(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def log_in(self, client: Client, login: str, password: str = PASSWORD, **more: str) -> Any:
        return client.post("/accounts/login/", {"login": login, "password": password, **more})

    def is_logged_in(self, client: Client) -> bool:
        return client.get("/accounts/profile/").status_code == 200

    def sign_up(self, client: Client, username: str, email: str = "") -> Any:
        form = {
            "username": username,
            "email": email or f"{username}@example.com",
            "password1": PASSWORD,
            "password2": PASSWORD,
        }
        return client.post("/accounts/signup/", form)

    def link_in_last_mail(self, path: str) -> str:
        """The path of the link in the newest mail that begins with ``path``."""
        found = re.search(rf"https?://[^/\s]+({re.escape(path)}\S*)", str(mail.outbox[-1].body))
        assert found, mail.outbox[-1].body
        return found[1]

    def assert_says(self, response: HttpResponse, *texts: str) -> None:
        for text in texts:
            self.assertIn(text, response.content.decode())
