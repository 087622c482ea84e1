"""What answers consist of: each key and the type of its value, as the format's clients read them."""

from __future__ import annotations

import re
from typing import Any

from chat.models import AttachmentType, ChannelType, FeedbackType, MessageType

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MILLISECONDS = re.compile(r"\d{13}")
ADDRESS = re.compile(r"https?://\S+")


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
    "citations": list,
    "citationNodes": list,
    "canvas": Or(CANVAS, None),
    "queryMetadata": Or(dict, None),
}
LIGHT_MESSAGE = {
    name: MESSAGE[name]
    for name in ("id", "type", "content", "contentPayload", "feedback", "createdAt", "queryMetadata")
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
