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
    assert {"chatbots_list", "chatbots_retrieve", "inboxes_list", "web_chats_retrieve"} <= set(ids)
    assert all(path.startswith("/api/") and not path.startswith("/api/v1") for path in schema["paths"])


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
        if not title.startswith("Maax")  # its clients read snake_case
    }
    assert {name for name in names if "_" in name} <= SNAKE


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
