"""Chatbots that programs make and change. What the product does not use itself is kept as it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import TooLarge
from chat.models import Chatbot
from chat.principals import Principal
from chat.selectors.chatbots import SERVERS_OWN, chatbot_for, language_model_for
from chat.services.web_chats import api_web_chat
from chat.services.webhooks import check_address

#: Of all that is kept for a chatbot and not used.
OPTIONS_BYTES = 64 * 1024


def create_chatbot(*, principal: Principal, fields: Mapping[str, Any], options: Mapping[str, Any]) -> Chatbot:
    """A new chatbot, with the web chat in which programs begin its conversations.

    ``fields`` may have ``name``, ``language_model`` (an id), ``instructions`` and ``webhook_url``. Raises
    ``NotFound`` for a language model that the organization may not choose, and ``AddressRefused``.
    """
    chatbot = Chatbot(organization_id=principal.organization_id)
    _take(chatbot, principal, fields, options)
    with transact():
        chatbot.save(force_insert=True)
        api_web_chat(chatbot)
    return chatbot


def change_chatbot(
    *, principal: Principal, id: UUID, fields: Mapping[str, Any], options: Mapping[str, Any]
) -> Chatbot:
    """Set what is given and leave the rest. A new webhook address is tried again, even if the earlier one had
    said that it was gone for good."""
    with transact():
        chatbot = chatbot_for(principal, id)
        before = chatbot.webhook_url
        _take(chatbot, principal, fields, options)
        if chatbot.webhook_url != before:
            chatbot.webhook_gone_at = None
        kept = ["options"] if options else []
        chatbot.save(update_fields=[*_columns(fields), *kept, "webhook_gone_at", "updated_at"])
    return chatbot


def remove_chatbot(*, principal: Principal, id: UUID) -> None:
    """Switch it off for good: nobody reaches it any more, and its conversations stay for review."""
    chatbot = chatbot_for(principal, id)
    Chatbot.objects.filter(pk=chatbot.pk).update(is_active=False, updated_at=timezone.now())


def _columns(fields: Mapping[str, Any]) -> list[str]:
    return [name for name in ("name", "language_model", "instructions", "webhook_url") if name in fields]


def _take(
    chatbot: Chatbot, principal: Principal, fields: Mapping[str, Any], options: Mapping[str, Any]
) -> None:
    for name in _columns(fields):
        value = fields[name]
        if name == "language_model":
            value = None if value in (None, SERVERS_OWN) else language_model_for(principal, value)
        if name == "webhook_url" and value and value != chatbot.webhook_url:
            check_address(value)
        setattr(chatbot, name, value)
    chatbot.options = {**(chatbot.options or {}), **options}
    if len(orjson.dumps(chatbot.options)) > OPTIONS_BYTES:
        raise TooLarge(_("The settings of one chatbot can be at most 64 KB."))
