"""A web chat as JSON: what a page needs to know that shows it."""

from __future__ import annotations

from typing import Any

from chat.models import WebChat
from chat.shapes.values import Shape

#: The settings that a web chat keeps as ``options``, as they are until somebody sets them.
OPTIONS: dict[str, Any] = {
    "avatar": None,
    "logo": None,
    "cover": None,
    "description": "",
    "backUrl": "",
    "enableSpeech": False,
    "theme": {},
    "darkTheme": {},
    "defaultThemeMode": "system",
    "enableFileUpload": True,
    "enableDisplayCitations": True,
    "enableDisplayToolResults": False,
    "enableDownloadCitations": False,
    "enableShareConversation": False,
    "enableLocation": False,
    "enableShowPoweredBy": True,
    "enableThemeModeToggle": True,
    "customDomain": None,
}
THEME = {
    "primaryColor": "#3854d8",
    "navbarTextColor": "#ffffff",
    "conversationBackgroundColor": "#ffffff",
    "chatbotMessageTextColor": "#1f2937",
    "userMessageTextColor": "#ffffff",
    "chatbotMessageBackgroundColor": "#f3f4f6",
    "userMessageBackgroundColor": "#3854d8",
    "chatbotMessageBackgroundShadowEnabled": False,
    "userMessageBackgroundShadowEnabled": False,
    "dialogColor": "#ddeaf6",
}
DARK_THEME = THEME | {
    "conversationBackgroundColor": "#111827",
    "chatbotMessageTextColor": "#f3f4f6",
    "chatbotMessageBackgroundColor": "#1f2937",
}


def web_chat_row(web_chat: WebChat) -> Shape:
    return {"id": str(web_chat.pk), "avatar": web_chat.options.get("avatar"), "name": web_chat.name}


def web_chat_shape(web_chat: WebChat) -> Shape:
    """Needs its inbox and its chatbot."""
    options = {**OPTIONS, **{name: web_chat.options[name] for name in OPTIONS if name in web_chat.options}}
    chatbot = web_chat.chatbot
    return {
        **options,
        "id": str(web_chat.pk),
        "name": web_chat.name,
        "accessType": web_chat.access_type,
        "isActive": web_chat.is_active,
        "enableAnonymous": web_chat.enable_anonymous,
        "displayGreeting": chatbot.greeting or None,
        "displayConversationStarters": starters(chatbot.starters),
        "theme": THEME | _mapping(options["theme"]),
        "darkTheme": DARK_THEME | _mapping(options["darkTheme"]),
        "inbox": str(web_chat.inbox_id),
    }


def starters(stored: Any) -> list[str]:
    """What the chips say when they are pressed; written by hand in the admin."""
    rows = stored if isinstance(stored, list) else []
    texts = (one.get("text") if isinstance(one, dict) else one for one in rows)
    return [text for text in texts if isinstance(text, str)]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
