"""An inbox as JSON, with the channel that clients take for the place where conversations begin."""

from __future__ import annotations

from typing import Any

from django.utils.dates import WEEKDAYS

from chat.models import Inbox
from chat.shapes.values import Shape, milliseconds


def inbox_shape(inbox: Inbox) -> Shape:
    """Needs what ``selectors.inboxes_of`` fetches."""
    web_chat = getattr(inbox, "web_chat", None)
    return {
        "id": str(inbox.pk),
        "name": inbox.name,
        "chatbot": str(web_chat.chatbot_id) if web_chat else None,
        "channelType": inbox.channel_type,
        "channelTypeLabel": inbox.get_channel_type_display(),
        # Clients read its id and name whatever kind of channel it is.
        "channel": {
            "id": str(web_chat.pk if web_chat else inbox.pk),
            "name": web_chat.name if web_chat else inbox.name,
            "channelType": inbox.channel_type,
            "unreadConversationsCount": _unread(inbox),
        },
        "autoReplySchedules": schedules(inbox.auto_reply_schedules),
        "unreadConversationsCount": _unread(inbox),
        "organization": str(inbox.organization_id),
        "createdAt": milliseconds(inbox.created_at),
        "updatedAt": milliseconds(inbox.updated_at),
    }


def _unread(inbox: Inbox) -> int:
    return int(getattr(inbox, "unread", 0))


def schedules(stored: Any) -> list[Shape]:
    """People write them by hand in the admin: what is no schedule is left out."""
    return [
        {
            "id": str(one["id"]) if one.get("id") else None,
            "weekday": one["weekday"],
            "weekdayName": str(WEEKDAYS[one["weekday"]]),
            "isEnabled": bool(one.get("isEnabled")),
            "timeSlots": one.get("timeSlots") or None,
        }
        for one in (stored if isinstance(stored, list) else [])
        if isinstance(one, dict) and one.get("weekday") in range(7)
    ]
