"""A company's program as the tests of single calls need it: in this process, with the rows at hand."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from chat.models import Chatbot, Message
from chat.principals import Principal
from chat.services.integer_ids import integer_id
from chat.services.keys import create_api_key
from tests import people
from tests.maax.calling import ADA

INITIATE = "/api/initiate_answer_generation/"
RETRIEVE = "/api/retrieve_answer/"
CREATE = "/api/create-conversation/"
HISTORY = "/api/get_conversations_history/"
QUESTION = {"message_content": "When?", "platform": "email", "prospect_info": ADA}


class Program:
    """A company's program with its key."""

    def __init__(self, organization: str, scopes: tuple[str, ...] = ()) -> None:
        self.organization = people.make_organization(organization)
        key, text = create_api_key(organization=self.organization, name="maax", scopes=scopes)
        self.key = key
        self.principal = Principal("key", key.pk, self.organization.pk)
        self.client = Client(headers={"2hd-api-key": text})

    def post(self, path: str, given: Any) -> tuple[int, Any]:
        return told(self.client.post(path, json.dumps(given), "application/json"))

    def get(self, path: str, **given: Any) -> tuple[int, Any]:
        return told(self.client.get(path, given))

    def ask(self, **given: Any) -> Message:
        """The message of a question that is accepted."""
        status, body = self.post(INITIATE, QUESTION | given)
        assert status == 200, body
        number = body["incoming_message_id"]
        return next(one for one in Message.objects.all() if integer_id("message", one.pk) == number)

    def ai(self, name: str = "Seller") -> int:
        chatbot = Chatbot.objects.create(organization=self.organization, name=name)
        return integer_id("chatbot", chatbot.pk)


def told(response: Any) -> tuple[int, Any]:
    return response.status_code, json.loads(response.content)
