"""The endpoints that the doctor may ask, where each is configured, and the models that it offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from chat.completions.deltas import Endpoint
from chat.completions.http import CLIENT_ERRORS, client
from chat.db import in_database
from chat.models import LanguageModel, Provider
from chat.replies.prompt import endpoint as endpoint_of

SECONDS = 5.0
MOST_NAMES = 1000


@dataclass(frozen=True, slots=True)
class Configured:
    """``name`` is that of a language model; empty for the environment's own endpoint."""

    name: str
    endpoint: Endpoint

    @property
    def title(self) -> str:
        return self.name or _("Endpoint")

    @property
    def address_field(self) -> str:
        return self._field("COMPLETIONS_URL", _("address"))

    @property
    def key_field(self) -> str:
        return self._field("COMPLETIONS_API_KEY", _("key"))

    @property
    def model_field(self) -> str:
        return self._field("COMPLETIONS_MODEL", _("model"))

    @property
    def chatbot_field(self) -> str:
        return self._field("COMPLETIONS_CHATBOT_ID", _("chatbot's id"))

    @property
    def answerer(self) -> str:
        """What is asked at the address."""
        return self.endpoint.model or self.endpoint.chatbot_id

    def _field(self, variable: str, field: str) -> str:
        if not self.name:
            return variable
        return _("the %(field)s of the language model %(name)s") % {"field": field, "name": self.name}


async def configured(models: Sequence[str] | None) -> list[Configured]:
    """The environment's, and the language models of these names; all of them for ``None``."""
    return [Configured("", endpoint_of(None)), *await in_database(_entries, models)]


def _entries(names: Sequence[str] | None) -> list[Configured]:
    entries = LanguageModel.objects.order_by("name")
    chosen = entries if names is None else entries.filter(name__in=names)
    return [Configured(entry.name, endpoint_of(entry)) for entry in chosen]


async def offered(endpoint: Endpoint) -> list[str]:
    """The names of its models; none where it does not tell."""
    if endpoint.provider != Provider.OPENAI:
        return []
    key = endpoint.api_key.strip()
    headers = {"Authorization": f"Bearer {key}"} if key and key.isascii() and key.isprintable() else {}
    try:
        answer = await client().get(f"{endpoint.url.rstrip('/')}/models", headers=headers, timeout=SECONDS)
        models = answer.json()["data"] if answer.status_code == 200 else []
        return [str(model["id"]) for model in models[:MOST_NAMES]]
    except (*CLIENT_ERRORS, TimeoutError, ValueError, TypeError, KeyError):
        return []
