"""A chatbot as JSON: a row of the list, the whole, and what a stranger sees of it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from chat.models import Chatbot, WebChat
from chat.selectors.chatbots import SERVERS_OWN
from chat.shapes.values import Shape, milliseconds

#: The one way of searching that there is, under the id by which programs know it.
RAG = "66261b7a-bd3f-4214-9c48-364c2e122b0f"
#: What programs may set and nothing here uses, as it is until they do.
OPTIONS: dict[str, Any] = {
    "rag": RAG,
    "embeddingModel": None,
    "rerankerModel": None,
    "builtInWorkflow": None,
    "replyMode": "normal",
    "agentMode": "normal",
    "template": None,
    "unanswerableTemplate": None,
    "enableChineseConversion": False,
    "outputMode": "text",
    "outputFormat": None,
    "rawOutputFormat": None,
    "databaseType": None,
    "includeTables": [],
    "numberOfRetrievedChunks": 12,
    "enableRerank": True,
}


def public_chatbot(chatbot: Chatbot) -> Shape:
    """All that a stranger may know."""
    return {"id": str(chatbot.pk), "name": chatbot.name, "avatar": None}


def chatbot_row(chatbot: Chatbot) -> Shape:
    """With its models as objects. Needs the language model."""
    model, options = chatbot.language_model, {**OPTIONS, **(chatbot.options or {})}
    return {
        "id": str(chatbot.pk),
        "name": chatbot.name,
        "largeLanguageModel": {
            "id": str(model.pk if model else SERVERS_OWN),
            "name": model.name if model else _("The server's own"),
            "isDefault": model is None,
        },
        "rag": {
            "id": options["rag"],
            "name": "Parley",
            "isDefault": options["rag"] == RAG,
            "isEmbeddingModelSelectable": False,
            "isRerankerModelSelectable": False,
            "isOutputFormatAvailable": False,
        },
        "embeddingModel": _named(options["embeddingModel"]),
        "rerankerModel": _named(options["rerankerModel"]),
        "enableChineseConversion": options["enableChineseConversion"],
        "updatedAt": milliseconds(chatbot.updated_at),
    }


def chatbot_shape(chatbot: Chatbot, web_chat: WebChat) -> Shape:
    """With its models as ids. ``web_chat`` is the one in which programs begin conversations."""
    return {
        **OPTIONS,
        **{name: value for name, value in (chatbot.options or {}).items() if name in OPTIONS},
        "id": str(chatbot.pk),
        "name": chatbot.name,
        "avatar": None,
        "organization": str(chatbot.organization_id),
        "workflow": None,
        "largeLanguageModel": str(chatbot.language_model_id or SERVERS_OWN),
        "instructions": chatbot.instructions,
        "webhookUrl": chatbot.webhook_url,
        "apiWebChatId": str(web_chat.pk),
        "totalWordsCount": 0,
        "databaseUrl": None,
        "groups": [],
        "knowledgeBases": [
            {"id": str(one.pk), "name": one.name} for one in chatbot.knowledge_bases.order_by("created_at")
        ],
        "toolkits": [],
        "tools": [],
        "createdAt": milliseconds(chatbot.created_at),
        "updatedAt": milliseconds(chatbot.updated_at),
    }


def _named(id: str | None) -> Shape | None:
    return {"id": id, "name": "", "isDefault": False} if id else None
