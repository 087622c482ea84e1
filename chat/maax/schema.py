"""What the OpenAPI document says of these calls. Their names travel in snake_case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

from chat.maax.shapes import HTML
from chat.models.handles import NETWORKS

Method = TypeVar("Method", bound=Callable[..., Any])


class Describes(Protocol):
    def __call__(self, method: Method, /) -> Method: ...


SUPPORT, SALES = "customer_support_automation", "sales_automation"
SERVICES = (SUPPORT, SALES)
PLATFORMS = ("website", "email", "sms")
STATUSES = ("pending", "ready", "failed")
ROLES = ("prospect", "ai")
SNAKE_CASE = {"x-snake-case": True}

_TEXT = {"type": "string"}
ADA = {"email": "ada@example.com", "phone": "", "first_name": "Ada", "last_name": "Lovelace"}


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            name: _TEXT for name in ("email", "phone", "first_name", "last_name", *sorted(NETWORKS))
        },
        "description": "One way to reach the prospect, and the names; or the JSON of such an object.",
    }
)
class ProspectInfo(serializers.JSONField):
    pass


class _Enquiry(serializers.Serializer[None]):
    ai_id = serializers.IntegerField(required=False, help_text="Of a chatbot; required for sales.")
    prospect_id = serializers.IntegerField(required=False)
    prospect_info = ProspectInfo(required=False)
    service_type = serializers.ChoiceField(SERVICES, required=False)


@extend_schema_serializer(extensions=SNAKE_CASE)
class MaaxQuestion(_Enquiry):
    message_content = serializers.CharField()
    platform = serializers.ChoiceField(PLATFORMS, help_text="Where the answer will go.")
    conversation_id = serializers.IntegerField(required=False)
    output_format = serializers.ChoiceField((HTML,), required=False, allow_blank=True)


@extend_schema_serializer(extensions=SNAKE_CASE)
class MaaxNewConversation(_Enquiry):
    pass


@extend_schema_serializer(extensions=SNAKE_CASE)
class MaaxAsked(serializers.Serializer[None]):
    incoming_message_id = serializers.IntegerField()


@extend_schema_serializer(extensions=SNAKE_CASE)
class MaaxAnswer(serializers.Serializer[None]):
    answer = serializers.CharField(help_text="Empty unless the status is ready.")
    status = serializers.ChoiceField(STATUSES)


@extend_schema_serializer(extensions=SNAKE_CASE)
class MaaxConversation(serializers.Serializer[None]):
    conversation_id = serializers.IntegerField()


@extend_schema_serializer(extensions=SNAKE_CASE)
class MaaxMessage(serializers.Serializer[None]):
    id = serializers.IntegerField()
    role = serializers.ChoiceField(ROLES)
    content = serializers.CharField()
    platform = serializers.CharField()
    output_format = serializers.CharField()
    created_at = serializers.DateTimeField()


@extend_schema_serializer(extensions=SNAKE_CASE)
class MaaxHistory(serializers.Serializer[None]):
    messages_in_conversation = MaaxMessage(many=True)


@extend_schema_serializer(extensions=SNAKE_CASE)
class MaaxError(serializers.Serializer[None]):
    error = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]  # the name that clients read
        child=serializers.CharField(), required=False, help_text="On 400: a sentence for each parameter."
    )


def _parameter(name: str, description: str, *, required: bool = True, **more: Any) -> OpenApiParameter:
    type_ = int if name != "service_type" else str
    return OpenApiParameter(name, type_, required=required, description=description, **more)


_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="A repeat with the same key gets the same answer and stores nothing; another request is 422.",
)


def _described(
    answer: type[serializers.Serializer[None]],
    shown: Any,
    sent: Any = None,
    *,
    further: tuple[int, ...] = (),
    **more: Any,
) -> Describes:
    errors = dict.fromkeys((400, 401, 403, 405, 413, 429, 503, *further), MaaxError)
    examples = [OpenApiExample("Answer", shown, response_only=True, status_codes=["200"])]
    if sent is not None:
        examples.append(OpenApiExample("Request", sent, request_only=True))
    responses = {200: answer, **errors}
    keys: Any = [{"MaaxKey": []}]
    described: Any = extend_schema(tags=["MAAX"], auth=keys, responses=responses, examples=examples, **more)
    return cast(Describes, described)


initiate = _described(
    MaaxAsked,
    {"incoming_message_id": 1789},
    {
        "message_content": "When do you open?",
        "platform": "email",
        "prospect_info": ADA,
        "output_format": HTML,
    },
    operation_id="initiate_answer_generation",
    summary="Ask in a prospect's name",
    parameters=[_KEY],
    further=(422,),
    request=MaaxQuestion,
)
retrieve = _described(
    MaaxAnswer,
    {"answer": "<p>At nine.</p>", "status": "ready"},
    operation_id="retrieve_answer",
    summary="Get the answer, as soon as there is one",
    parameters=[
        _parameter("service_type", "That of the question.", enum=SERVICES),
        _parameter("incoming_message_id", "From the call that asked."),
    ],
)
create = _described(
    MaaxConversation,
    {"conversation_id": 4711},
    {"prospect_info": ADA},
    operation_id="create_conversation",
    summary="Begin a conversation with a prospect",
    request=MaaxNewConversation,
)
history = _described(
    MaaxHistory,
    {
        "messages_in_conversation": [
            {
                "id": 1789,
                "role": "prospect",
                "content": "When do you open?",
                "platform": "email",
                "output_format": HTML,
                "created_at": "2026-01-01T09:00:00+00:00",
            }
        ]
    },
    operation_id="get_conversations_history",
    summary="Get what was said last in a conversation",
    parameters=[
        _parameter("conversation_id", "Which conversation."),
        _parameter("service_type", "Must be the conversation's.", required=False, enum=SERVICES),
        _parameter("before", "Only messages before this one.", required=False),
    ],
)
hidden = extend_schema(exclude=True)
