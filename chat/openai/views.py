"""The three calls of OpenAI's API that chatbots answer."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from chat.answers.later import Later
from chat.answers.reading import Wish, begin_reading
from chat.exceptions import ChatError, NotAllowed
from chat.limits import count_key, count_stranger
from chat.models import Chatbot
from chat.openai.completion import answer
from chat.openai.errors import NoKey, NoModel, response_to, translated
from chat.openai.question import Asked, asked
from chat.principals import Principal
from chat.selectors import chatbots_of
from chat.services.completions import Question, post_question
from chat.services.keys import allows, mark_used, principal_of, usable_key

#: The reply ends when its client leaves: these clients have no other way to stop one.
LEAVING_STOPS = Wish(stops=True)


class WrongMethod(ChatError):
    code = "bad_request"
    status = 405
    default = _("This address is called with another method.")


@method_decorator(csrf_exempt, name="dispatch")
class OpenAiView(View):
    """Knows the caller by ``Authorization: Bearer <key>``; cookies are never looked at."""

    scope: ClassVar[str] = "read"
    principal: Principal

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.principal = self.caller(request)
            response = super().dispatch(request, *args, **kwargs)
        except Exception as error:
            response = response_to(error)
        response.setdefault("Cache-Control", "no-store")
        patch_vary_headers(response, ["Authorization"])
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        answered = response_to(WrongMethod())
        answered["Allow"] = ", ".join(name.upper() for name in ("get", "post") if hasattr(self, name))
        return answered

    def caller(self, request: HttpRequest) -> Principal:
        scheme, _space, text = request.headers.get("Authorization", "").strip().partition(" ")
        known = scheme.lower() in ("bearer", "api-key")
        key = usable_key(text.strip()) if known else None
        if key is None:
            count_stranger(request.META)
            raise NoKey
        principal = principal_of(key)
        count_key(principal)
        if not allows(key, self.scope):
            sentence = _("This key has not the scope “%(scope)s”. Take another key, or ask an admin for one.")
            raise NotAllowed(sentence % {"scope": self.scope})
        mark_used(key)
        return principal

    def chatbot(self, model: str) -> Chatbot:
        """By its id, or by its name if no other has it. Raises ``NoModel``."""
        chatbots = chatbots_of(self.principal)
        try:
            found = list(chatbots.filter(pk=UUID(model)))
        except ValueError:
            found = list(chatbots.filter(name=model)[:2]) if "\x00" not in model else []
        if len(found) != 1:
            raise NoModel
        return found[0]


def model_of(chatbot: Chatbot) -> dict[str, Any]:
    return {
        "id": str(chatbot.pk),
        "object": "model",
        "created": int(chatbot.created_at.timestamp()),
        "owned_by": "parley",
        "name": chatbot.name,
    }


class ModelsView(OpenAiView):
    def get(self, request: HttpRequest) -> HttpResponseBase:
        models = [model_of(chatbot) for chatbot in chatbots_of(self.principal)]
        return JsonResponse({"object": "list", "data": models})


class ModelView(OpenAiView):
    def get(self, request: HttpRequest, model: str) -> HttpResponseBase:
        return JsonResponse(model_of(self.chatbot(model)))


class ChatCompletionsView(OpenAiView):
    scope = "write"

    def post(self, request: HttpRequest) -> HttpResponseBase:
        given = asked(request.body)
        question = given.of(self.chatbot(given.model))
        return Later(partial(translated, partial(_answer, self.principal, question, given)))


async def _answer(principal: Principal, question: Question, given: Asked) -> HttpResponseBase:
    reading = await begin_reading(principal, partial(post_question, principal, question), LEAVING_STOPS)
    return await answer(reading, given)
