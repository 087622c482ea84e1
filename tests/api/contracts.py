"""What answers consist of: each key and the type of its value, as the format's clients read them."""

from __future__ import annotations

import re
from typing import Any

from chat.models import ENDED, AccessType, AttachmentType, ChannelType, FeedbackType, FileStatus, MessageType

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MILLISECONDS = re.compile(r"\d{13}")
ADDRESS = re.compile(r"https?://\S+")
COLOUR = re.compile(r"#[0-9a-f]{6}")


class Or:
    """One of several."""

    def __init__(self, *kinds: Any) -> None:
        self.kinds = kinds


FEEDBACK = {
    "id": UUID_TEXT,
    "type": tuple(FeedbackType.values),
    "suggestion": str,
    "updatedAt": MILLISECONDS,
}
SENDER = {"id": int, "name": str, "avatar": str, "email": Or(str, None), "phoneNumber": Or(str, None)}
ATTACHMENT = {"id": UUID_TEXT, "type": tuple(AttachmentType.values), "filename": str, "file": ADDRESS}
CANVAS = {
    "id": UUID_TEXT,
    "name": str,
    "canvasType": str,
    "title": str,
    "content": str,
    "createdAt": MILLISECONDS,
}
ERROR = {"code": str, "message": str, "retryable": bool}
ENDING = {"status": ENDED, "error": Or(ERROR, None)}
NAMED = {"id": UUID_TEXT, "name": str}
CITATION = {
    "id": str,
    "filename": str,
    "title": str,
    "file": Or(ADDRESS, None),
    "fileType": str,
    "size": int,
    "status": tuple(FileStatus.values),
    "knowledgeBase": Or(NAMED, None),
    "parser": {"id": UUID_TEXT, "name": str, "provider": str, "order": int, "priority": int},
    "labels": [NAMED],
    "rawUserDefineMetadata": Or(dict, None),
    "chatbotFileContent": None,
    "document": None,
    "createdAt": Or(MILLISECONDS, None),
}
CITATION_NODE = {
    "number": int,
    "score": float,
    "displayScore": int,
    "chatbotTextNode": {
        "id": str,
        "charactersCount": int,
        "hitsCount": int,
        "text": str,
        "updatedAt": Or(MILLISECONDS, None),
        "filename": str,
        "title": str,
        "heading": str,
        "chatbotFile": Or(UUID_TEXT, None),
        "pageNumber": Or(int, None),
    },
}
MESSAGE = {
    "id": UUID_TEXT,
    "conversation": UUID_TEXT,
    "sender": SENDER,
    "type": tuple(MessageType.values),
    "content": str,
    "contentPayload": Or(dict, None),
    "feedback": Or(FEEDBACK, None),
    "createdAt": MILLISECONDS,
    "attachments": [ATTACHMENT],
    "citations": [CITATION],
    "citationNodes": [CITATION_NODE],
    "canvas": Or(CANVAS, None),
    "queryMetadata": Or(dict, None),
    **ENDING,
}
LIGHT_MESSAGE = {
    name: MESSAGE[name]
    for name in ("id", "type", "content", "contentPayload", "feedback", "createdAt", "queryMetadata", *ENDING)
}
CONVERSATION = {
    "id": UUID_TEXT,
    "contact": {
        "id": UUID_TEXT,
        "name": str,
        "avatar": str,
        "sourceId": str,
        "createdAt": MILLISECONDS,
    },
    "inbox": {
        "id": UUID_TEXT,
        "name": str,
        "channelType": tuple(ChannelType.values),
        "unreadConversationsCount": int,
        "signAuth": None,
    },
    "title": str,
    "lastMessage": Or(LIGHT_MESSAGE, None),
    "lastMessageCreatedAt": MILLISECONDS,
    "unreadMessagesCount": int,
    "autoReplyEnabled": bool,
    "isAutoReplyNow": bool,
    "lastReadAt": Or(MILLISECONDS, None),
    "createdAt": MILLISECONDS,
    "isGroupChat": bool,
    "enableGroupMention": bool,
    "enableLoadingAnimation": bool,
    "queryMetadata": Or(dict, None),
    "toolMask": Or(dict, None),
    "llm": Or(UUID_TEXT, None),
    "ipAddress": Or(str, None),
    "ipRecordedAt": Or(MILLISECONDS, None),
}
#: The whole answer of a chatbot; clients take ``message``, ``reply`` and ``response`` for its text.
COMPLETION = {
    "conversationId": UUID_TEXT,
    "conversation_id": UUID_TEXT,
    "messageId": UUID_TEXT,
    "content": str,
    "done": bool,
    "citations": [CITATION],
    "citationNodes": [CITATION_NODE],
}
MODEL = {**NAMED, "isDefault": bool}
#: In the list the models are objects, and in the whole their ids.
CHATBOT_ROW = {
    **NAMED,
    "largeLanguageModel": MODEL,
    "rag": {
        **MODEL,
        "isEmbeddingModelSelectable": bool,
        "isRerankerModelSelectable": bool,
        "isOutputFormatAvailable": bool,
    },
    "embeddingModel": Or(MODEL, None),
    "rerankerModel": Or(MODEL, None),
    "enableChineseConversion": bool,
    "updatedAt": MILLISECONDS,
}
JSON = Or(dict, list, str, int, float, bool, None)
CHATBOT = {
    **NAMED,
    "avatar": Or(ADDRESS, None),
    "organization": UUID_TEXT,
    "workflow": Or(UUID_TEXT, None),
    "largeLanguageModel": UUID_TEXT,
    "rag": UUID_TEXT,
    "embeddingModel": Or(UUID_TEXT, None),
    "rerankerModel": Or(UUID_TEXT, None),
    "instructions": str,
    "webhookUrl": Or(ADDRESS, None),
    "apiWebChatId": UUID_TEXT,
    "builtInWorkflow": Or(UUID_TEXT, None),
    "replyMode": ("normal", "template", "hybrid", "text_to_sql", "workflow", "agent"),
    "agentMode": ("normal", "canvas"),
    "template": Or(str, None),
    "unanswerableTemplate": Or(str, None),
    "totalWordsCount": int,
    "enableChineseConversion": bool,
    "outputMode": ("text", "json_schema"),
    "outputFormat": JSON,
    "rawOutputFormat": JSON,
    "databaseUrl": Or(str, None),
    "databaseType": Or(str, None),
    "includeTables": [str],
    "numberOfRetrievedChunks": int,
    "enableRerank": bool,
    "groups": [NAMED],
    "knowledgeBases": [NAMED],
    "toolkits": [NAMED],
    "tools": [NAMED],
    "createdAt": MILLISECONDS,
    "updatedAt": MILLISECONDS,
}
STRANGERS_CHATBOT = {**NAMED, "avatar": Or(ADDRESS, None)}
INBOX = {
    **NAMED,
    "chatbot": Or(UUID_TEXT, None),
    "channelType": tuple(ChannelType.values),
    "channelTypeLabel": str,
    "channel": {
        **NAMED,
        "channelType": tuple(ChannelType.values),
        "unreadConversationsCount": int,
    },
    "autoReplySchedules": [
        {
            "id": Or(str, None),
            "weekday": int,
            "weekdayName": str,
            "isEnabled": bool,
            "timeSlots": Or([[str]], None),
        }
    ],
    "unreadConversationsCount": int,
    "organization": UUID_TEXT,
    "createdAt": MILLISECONDS,
    "updatedAt": MILLISECONDS,
}
THEME = {
    "primaryColor": COLOUR,
    "navbarTextColor": COLOUR,
    "conversationBackgroundColor": COLOUR,
    "chatbotMessageTextColor": COLOUR,
    "userMessageTextColor": COLOUR,
    "chatbotMessageBackgroundColor": COLOUR,
    "userMessageBackgroundColor": COLOUR,
    "chatbotMessageBackgroundShadowEnabled": bool,
    "userMessageBackgroundShadowEnabled": bool,
    "dialogColor": COLOUR,
}
WEB_CHAT_ROW = {**NAMED, "avatar": Or(ADDRESS, None)}
WEB_CHAT = {
    **WEB_CHAT_ROW,
    "accessType": tuple(AccessType.values),
    "logo": Or(ADDRESS, None),
    "cover": Or(ADDRESS, None),
    "description": str,
    "backUrl": str,
    "isActive": bool,
    "displayGreeting": Or(str, None),
    "displayConversationStarters": [str],
    "theme": THEME,
    "darkTheme": THEME,
    "defaultThemeMode": ("system", "light", "dark"),
    "enableAnonymous": bool,
    "enableSpeech": bool,
    "enableFileUpload": bool,
    "enableDisplayCitations": bool,
    "enableDisplayToolResults": bool,
    "enableDownloadCitations": bool,
    "enableShareConversation": bool,
    "enableLocation": bool,
    "enableShowPoweredBy": bool,
    "enableThemeModeToggle": bool,
    "customDomain": Or(str, None),
    "inbox": UUID_TEXT,
}


def differences(value: Any, wanted: Any, at: str = "") -> list[str]:
    """Where the value is not what is wanted; keys have to be the same, no more and no fewer."""
    match wanted:
        case Or():
            return [] if any(not differences(value, kind) for kind in wanted.kinds) else [f"{at}: {value!r}"]
        case dict():
            if not isinstance(value, dict) or value.keys() != wanted.keys():
                return [f"{at}: {value!r}"]
            return [one for key in wanted for one in differences(value[key], wanted[key], f"{at}.{key}")]
        case [inner]:
            if not isinstance(value, list):
                return [f"{at}: {value!r}"]
            return [
                one
                for number, item in enumerate(value)
                for one in differences(item, inner, f"{at}[{number}]")
            ]
        case re.Pattern():
            fits = isinstance(value, str) and wanted.fullmatch(value)
        case tuple():
            fits = value in wanted
        case None:
            fits = value is None
        case _:
            fits = type(value) is wanted
    return [] if fits else [f"{at}: {value!r}"]
