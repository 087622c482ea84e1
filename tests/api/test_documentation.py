"""The OpenAPI document and its page: complete, valid, and without a word to other hosts."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from drf_spectacular.validation import validate_schema

from tests.api.asking import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema(django_db_blocker: Any) -> Any:
    """Made without the database: the document is about the code."""
    return Caller().get("schema/").json()


def operations(schema: Any) -> list[tuple[str, Any]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def test_it_is_valid_and_has_every_route_once(schema: Any) -> None:
    validate_schema(schema)
    ids = [operation["operationId"] for _name, operation in operations(schema)]
    assert len(ids) == len(set(ids))
    assert set(ids) == OPERATIONS
    assert not [path for path in schema["paths"] if path.startswith("/api/v1/")]


def test_every_route_has_a_summary_and_an_example_for_each_body(schema: Any) -> None:
    lacking = []
    for name, operation in operations(schema):
        answers = [answer for status, answer in operation["responses"].items() if status < "3"]
        for body in [operation.get("requestBody", {}), *answers]:
            kinds = body.get("content", {})
            if kinds and not any("examples" in kind for kind in kinds.values()):
                lacking.append(name)
        if not operation.get("summary"):
            lacking.append(name)
    assert lacking == []


def test_every_name_is_in_camel_case(schema: Any) -> None:
    names = {
        name
        for title, component in schema["components"]["schemas"].items()
        for name in component.get("properties", {})
        if not title.startswith(("Maax", "OpenAi"))  # their clients read snake_case
    }
    assert {name for name in names if "_" in name} <= SNAKE


#: What generated clients call the operations by. Those of MAAX have its names.
OPERATIONS = {
    *("attachments_list", "attachments_create", "attachments_upload_create", "attachments_retrieve"),
    *("attachments_update", "attachments_partial_update", "attachments_destroy"),
    *("chatbots_list", "chatbots_create", "chatbots_retrieve", "chatbots_update", "chatbots_partial_update"),
    *("chatbots_destroy", "chatbots_completions_create"),
    *("chatbots_records_list", "chatbots_records_export_excel_retrieve", "chatbots_webhook_records_list"),
    *("contacts_list", "contacts_create", "contacts_retrieve", "contacts_update", "contacts_partial_update"),
    *("contacts_destroy", "contacts_conversations_list", "contacts_conversations_latest_retrieve"),
    "contacts_broadcast_message_create",
    *("conversations_list", "conversations_create", "conversations_retrieve"),
    *("conversations_attachments_create", "conversations_update_auto_reply_partial_update"),
    "conversations_update_enable_group_mention_partial_update",
    *("initiate_answer_generation", "retrieve_answer", "create_conversation", "get_conversations_history"),
    "inboxes_list",
    *("messages_list", "messages_create", "messages_outgoing_create", "messages_retrieve"),
    "messages_feedback_update",
    "upload_presigned_url_create",
    *("web_chats_list", "web_chats_retrieve"),
    *("models_list", "models_retrieve", "chat_completions_create"),
}
#: Names that clients read in snake_case.
SNAKE = {"conversation_id", "created_at"} | {
    *("contact_id", "message_id", "total_contacts", "success_count", "error_count"),
}


def test_it_can_be_had_as_yaml_too(schema: Any) -> None:
    answer = Caller().get("schema?format=yaml")
    assert answer.headers["Content-Type"].startswith("application/vnd.oai.openapi")
    assert yaml.safe_load(answer.content) == schema


@pytest.mark.parametrize("address", ["docs", "docs/", "v1/docs"])
def test_the_page_loads_only_our_own_files_and_has_no_inline_script(address: str) -> None:
    page = Caller().get(address)
    assert page.status_code == 200
    text = page.content.decode()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(loaded) == 11
    assert all(one.startswith("/") and not one.startswith("//") for one in loaded)
    assert all(not inside.strip() for inside in re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL))
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "frame-ancestors 'none'" in policy
    script = Caller().get(f"{address}?script=")
    assert script.headers["Content-Type"] == "application/javascript"
    assert "/api/schema/" in script.content.decode("unicode_escape")
