"""What programs send that no program should: each answer says what is wrong, and none is a fault of ours."""

from __future__ import annotations

import json

import pytest

from tests.api.asking import alices

pytestmark = pytest.mark.django_db

DEEP = b'{"name":' + b"[" * 100 + b"]" * 100 + b"}"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "JSON parse error"),
        (b"\xff\xfe{}", 400, "JSON parse error"),
        (b'{"name": NaN}', 400, "JSON parse error"),
        (b'{"name": "\\ud800"}', 400, "JSON parse error"),
        (b'{"name": 1' + b"0" * 400 + b"}", 400, "JSON parse error"),
        (b'{"name": "a\\u0000b"}', 400, "Null characters"),
        (b'{"nested": {"a\\u0000b": 1}}', 400, "Null characters"),
        (DEEP, 400, "20 levels"),
        (b"[" * 100_000, 400, "JSON parse error"),
        (b'{"name": "' + b"x" * (1 << 20) + b'"}', 413, "1 MB"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_json_that_is_none_or_too_much_is_refused_in_words(body: bytes, status: int, said: str) -> None:
    refused = alices().post("chatbots/", raw=body)
    assert refused.status_code == status, refused.content
    assert said in refused.json()["detail"]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"name=A%20form&enableRerank=false", 201),
        ("application/x-www-form-urlencoded", b"name=%00", 400),
        ("application/x-www-form-urlencoded", b"name=%ED%A0%80", 201),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 2000), 400),
        ("application/x-www-form-urlencoded", b"name=" + b"x" * (1 << 20), 413),
        ("multipart/form-data; boundary=x", b"nothing", 400),
        ("multipart/form-data", b"nothing", 400),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nParts\r\n--x--\r\n',
            201,
        ),
        ("text/xml", b"<name/>", 415),
        ("application/json; charset=utf-16", json.dumps({"name": "x"}).encode("utf-16"), 400),
        ("application/json", b"", 400),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_bodies_of_other_kinds_are_read_or_refused(kind: str, body: bytes, status: int) -> None:
    answer = alices().post("chatbots/", raw=body, content_type=kind)
    assert answer.status_code == status, answer.content
    assert isinstance(answer.json(), dict)


def test_ids_that_are_none_are_as_absent_as_ids_that_nobody_has() -> None:
    caller = alices()
    absent = caller.get("chatbots/00000000-0000-0000-0000-000000000000/")
    for id in ("1", "none", "%00", "a" * 5000, "..%2f..", "%F0%9F%92%A9"):
        answer = caller.get(f"chatbots/{id}/")
        assert (answer.status_code, answer.content) == (404, absent.content), id


def test_names_in_either_case_are_the_same_field_and_the_inside_of_free_values_is_kept() -> None:
    caller = alices()
    free = {"snake_case": {"camelCase": 1}, "Mixed_Case": []}
    body = {"name": "Both", "enable_rerank": False, "outputFormat": free, "reply_mode": "agent"}
    made = caller.post("chatbots/", body)
    assert made.status_code == 201
    assert (made.json()["enableRerank"], made.json()["replyMode"]) == (False, "agent")
    assert made.json()["outputFormat"] == free
