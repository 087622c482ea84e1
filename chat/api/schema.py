"""The OpenAPI document: what the views say about themselves, under the names that the outside sees.

A view says with ``@extend_schema``: ``responses=InboxSerializer`` (with ``many=True`` and the view's
``pagination_class`` for pages), ``request=…``, ``parameters=[parameter(…)]`` and ``examples=[example(…)]``.
Serializers have snake_case names; the hooks here turn them into camelCase, and give every operation the
errors that every operation can end in. Both prefixes lead to the same views; the document has the shorter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from chat.api.casing import FREE_FORM, camel

PREFIX = "/api/"
OTHER_PREFIXES = ("/api/v1/", "/v1/")

KEY_REUSED = OpenApiResponse(description="The Idempotency-Key was used with another request.")
#: On a serializer whose names travel in snake_case.
SNAKE_CASE = {"x-snake-case": True}

_KINDS: dict[str, Any] = {
    "string": str,
    "integer": int,
    "uuid": {"type": "string", "format": "uuid"},
    "boolean": bool,
}


def parameter(
    name: str,
    description: str,
    *,
    kind: str = "string",
    enum: Sequence[str] | None = None,
    required: bool = False,
) -> OpenApiParameter:
    """A parameter in the address, by its name in camelCase."""
    type_ = {"type": "string", "format": "date"} if kind == "date" else _KINDS[kind]
    return OpenApiParameter(name, type_, required=required, description=description, enum=enum)


def idempotency_key(description: str) -> OpenApiParameter:
    """The header (``chat.services.repeats``); what a repeat with it does, in a sentence."""
    return OpenApiParameter(
        "Idempotency-Key",
        str,
        OpenApiParameter.HEADER,
        description=f"{description} Another request with the key is 422.",
    )


def example(name: str, value: Any, *, request: bool = False, form: bool = False) -> OpenApiExample:
    """A body as it travels, in camelCase; ``request``: one that is sent, else one that is answered; ``form``:
    as a multipart form."""
    kind = "multipart/form-data" if form else "application/json"
    return OpenApiExample(name, value, request_only=request, response_only=not request, media_type=kind)


class Schema(AutoSchema):
    """drf-spectacular's own, and without a key where a stranger may call."""

    def get_auth(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super().get_auth()
        return [*found, {}] if self.method in getattr(self.view, "anonymous", ()) else found

    def get_tags(self) -> list[str]:
        tokens: list[str] = self._tokenize_path()
        return tokens[:1]

    def get_paginated_name(self, serializer_name: str) -> str:
        """Pages of the same things may have a count in one list and none in another."""
        counted = getattr(getattr(self.view, "pagination_class", None), "counted", True)
        return f"{'Paginated' if counted else 'Cursor'}{serializer_name}List"


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "chat.api.auth.KeyAuthentication"
    name = "ApiKeyAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        described = "`Api-Key <key>`, with a key that an admin has made."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": described}


# Hooks, named in the settings


def one_prefix(endpoints: list[tuple[Any, ...]], **_: Any) -> list[tuple[Any, ...]]:
    """Each view once."""
    return [one for one in endpoints if not one[0].startswith(OTHER_PREFIXES)]


def name_in_camel_case(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    for component in result.get("components", {}).get("schemas", {}).values():
        if not component.pop("x-snake-case", False):
            _rename(component)
    return result


def _rename(schema: dict[str, Any]) -> None:
    """The names of an object's fields, and of what they consist of."""
    if "properties" in schema:
        schema["properties"] = {camel(name): inner for name, inner in schema["properties"].items()}
        schema["required"] = [camel(name) for name in schema.get("required", [])]
        if not schema["required"]:
            del schema["required"]
    for name, inner in schema.get("properties", {}).items():
        if name not in {camel(one) for one in FREE_FORM}:
            _rename(inner)
    for inner in (schema.get("items"), *schema.get("allOf", ()), *schema.get("oneOf", ())):
        if isinstance(inner, dict):
            _rename(inner)


_DETAIL = {"schema": {"$ref": "#/components/schemas/Error"}}
_ERRORS = {
    "400": "What was sent cannot be understood: a sentence, or the fields that are wrong.",
    "401": "No key, or one that does not work.",
    "403": "The key has not the scope for this.",
    "404": "It does not exist, or belongs to somebody else: the answer is the same.",
    "413": "The body is too large.",
    "415": "Bodies are JSON or a form.",
    "429": "Too many requests: `Retry-After` says how many seconds to wait.",
    "503": "The database is busy: `Retry-After` says how many seconds to wait.",
}


def describe_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every operation can end in these, whatever it does."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Error"] = {
        "type": "object",
        "properties": {"detail": {"type": "string"}},
        "required": ["detail"],
    }
    schemas["BadRequest"] = {
        "type": "object",
        "description": "`detail` with a sentence, or each wrong field with a list of sentences.",
        "additionalProperties": True,
        "example": {"conversation": ["This field is required."]},
    }
    for operation in operations(result):
        for status in _possible(operation):
            schema = {"schema": {"$ref": "#/components/schemas/BadRequest"}} if status == "400" else _DETAIL
            described = {"description": _ERRORS[status], "content": {"application/json": schema}}
            operation["responses"].setdefault(status, described)
    return result


def _possible(operation: dict[str, Any]) -> Iterator[str]:
    bodies, keyed = {"413", "415"}, {"401", "403"}
    for status in _ERRORS:
        if status in bodies and "requestBody" not in operation:
            continue
        if status in keyed and not operation.get("security"):
            continue
        yield status


def operations(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in result["paths"].values():
        yield from (one for one in path.values() if isinstance(one, dict) and "responses" in one)
