"""The four calls of MAAX's conversation API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.views import APIView

from chat.exceptions import NotAllowed, NotFound
from chat.limits import count_key, count_stranger
from chat.maax import schema
from chat.maax.errors import NoKey, response_to
from chat.maax.parameters import Parameters, parameters_of
from chat.maax.schema import PLATFORMS, SALES, SERVICES, SUPPORT
from chat.maax.shapes import HTML, answer_shape, history_message
from chat.models import Conversation, MessageType
from chat.principals import Principal
from chat.selectors import conversation_for, message_for
from chat.selectors.answers import answer_to, history_of
from chat.selectors.integer_ids import object_of
from chat.services.integer_ids import Kind, integer_id, integer_ids
from chat.services.keys import allows, mark_used, principal_of, usable_key
from chat.services.prospects import OTHER_SERVICE, Enquiry, ask, begin_conversation
from chat.services.repeats import key_in

#: How a client may ask for text as the model wrote it.
PLAIN = ("plain_text", "plain", "text")


class MaaxView(APIView):
    """Knows the caller by the header ``2hd-api-key`` and has all parameters in ``given``."""

    authentication_classes = ()
    permission_classes = ()
    #: For the schema: how bodies are read stands in ``parameters_of``.
    parser_classes = (JSONParser,)
    principal: Principal
    given: Parameters

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if (request.method or "").lower() not in self.methods():
            raise MethodNotAllowed(request.method or "")
        key = usable_key(request.headers.get("2hd-api-key", "").strip())
        if key is None:
            count_stranger(request.META)
            raise NoKey
        if not allows(key, "write" if request.method == "POST" else "read"):
            raise NotAllowed
        mark_used(key)
        self.principal = principal_of(key)
        count_key(self.principal)
        self.given = parameters_of(request._request)

    def methods(self) -> tuple[str, ...]:
        return tuple(name for name in ("get", "head", "post") if hasattr(self, name))

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        answer = response_to(exc)
        if answer is None:
            raise exc
        if isinstance(exc, MethodNotAllowed):
            answer["Allow"] = ", ".join(self.methods()).upper()
        return answer

    def finalize_response(self, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        response = super().finalize_response(*args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def object(self, kind: Kind, number: int | None) -> UUID | None:
        return None if number is None else object_of(kind, number)

    def enquiry(self, service: str, *, ai_required: bool = False) -> Enquiry:
        """Whom and what the parameters are about; complains of all that are not right."""
        given = self.given
        ai = given.number("ai_id", required=ai_required)
        prospect, conversation = given.number("prospect_id"), given.number("conversation_id")
        particulars = given.particulars("prospect_info")
        nobody = prospect is None and conversation is None and not particulars.reachable
        if nobody and not any(name.startswith("prospect_info") for name in given.faults):
            given.faults["prospect_info"] = _("Give prospect_id, or an email, phone or handle here.")
        given.check()
        return Enquiry(
            service_type=service,
            chatbot=self.object("chatbot", ai),
            prospect=self.object("contact", prospect),
            particulars=particulars,
            conversation=self.object("conversation", conversation),
        )

    def conversation(self, service: str, number: int | None) -> Conversation:
        """The one that was asked for. Where it has a service type, it must be the one that is given."""
        found = conversation_for(self.principal, object_of("conversation", number or 0))
        if service and found.service_type not in ("", service):
            raise NotAllowed(OTHER_SERVICE)
        return found

    def history(self) -> HttpResponse:
        given = self.given
        service = given.choice("service_type", SERVICES)
        number, before = given.number("conversation_id", required=True), given.number("before")
        given.check()
        conversation = self.conversation(service, number)
        earlier = message_for(self.principal, object_of("message", before)) if before is not None else None
        if earlier and earlier.conversation_id != conversation.pk:
            raise NotFound
        messages = history_of(conversation, before=earlier)
        ids = integer_ids("message", [message.pk for message in messages])
        shapes = [history_message(message, ids) for message in messages]
        return JsonResponse({"messages_in_conversation": shapes})


class InitiateAnswerGeneration(MaaxView):
    @schema.initiate
    def post(self, request: Request) -> HttpResponse:
        given = self.given
        content = given.text("message_content", required=True)
        platform = given.choice("platform", PLATFORMS, required=True)
        service = given.choice("service_type", SERVICES) or SUPPORT
        html = given.choice("output_format", (HTML, *PLAIN)) == HTML
        enquiry = self.enquiry(service, ai_required=service == SALES)
        message = ask(
            principal=self.principal,
            enquiry=enquiry,
            content=content,
            delivery={"platform": platform, "output_format": HTML if html else ""},
            idempotency_key=key_in(request.headers),
        )
        return JsonResponse({"incoming_message_id": integer_id("message", message)})


class RetrieveAnswer(MaaxView):
    @schema.retrieve
    def get(self, request: Request) -> HttpResponse:
        given = self.given
        service = given.choice("service_type", SERVICES, required=True)
        number = given.number("incoming_message_id", required=True)
        given.check()
        message = message_for(self.principal, object_of("message", number or 0))
        if message.type != MessageType.INCOMING:
            raise NotFound
        if message.conversation.service_type != service:
            raise NotAllowed(OTHER_SERVICE)
        return JsonResponse(answer_shape(answer_to(message), message.delivery or {}))


class CreateConversation(MaaxView):
    """Its address is also the one that is printed for the history, so it answers a GET for one."""

    @schema.hidden
    def get(self, request: Request) -> HttpResponse:
        return self.history()

    @schema.create
    def post(self, request: Request) -> HttpResponse:
        enquiry = self.enquiry(self.given.choice("service_type", SERVICES))
        conversation = begin_conversation(principal=self.principal, enquiry=enquiry)
        return JsonResponse({"conversation_id": integer_id("conversation", conversation.pk)})


class ConversationHistory(MaaxView):
    @schema.history
    def get(self, request: Request) -> HttpResponse:
        return self.history()
