"""A client of MAAX's API, as its customers write one: no official one is public."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import requests

from tests.services import wait_until

ADA = {"email": "ada@example.com", "phone": "", "first_name": "Ada", "last_name": "Lovelace"}
SUPPORT, SALES = "customer_support_automation", "sales_automation"


class Caller:
    """``Caller(server.origin, key).initiate(message_content="…", platform="email", …)``"""

    def __init__(self, origin: str, key: str | None, prefix: str = "/api/") -> None:
        self.base = urljoin(origin, prefix)
        self.headers = {"2hd-api-key": key} if key else {}

    def call(self, method: str, name: str, **kwargs: Any) -> requests.Response:
        return requests.request(
            method, f"{self.base}{name}", headers=self.headers, timeout=30, allow_redirects=False, **kwargs
        )

    def initiate(self, **given: Any) -> requests.Response:
        return self.call("POST", "initiate_answer_generation/", json=given)

    def retrieve(self, **given: Any) -> requests.Response:
        return self.call("GET", "retrieve_answer/", params=given)

    def create(self, **given: Any) -> requests.Response:
        return self.call("POST", "create-conversation/", json=given)

    def history(self, **given: Any) -> requests.Response:
        return self.call("GET", "get_conversations_history/", params=given)

    def answer(self, message: int, service_type: str = SUPPORT) -> dict[str, Any]:
        """The body of the first answer that is not pending."""
        found: list[dict[str, Any]] = []

        def ended() -> bool:
            response = self.retrieve(incoming_message_id=message, service_type=service_type)
            assert response.status_code == 200, response.text
            found.append(response.json())
            return bool(found[-1]["status"] != "pending")

        wait_until(ended)
        return found[-1]
