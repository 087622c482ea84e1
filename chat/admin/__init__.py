"""Django's admin, in the look of django-unfold. Importing this registers every model."""

from chat.admin import (
    chatbots,
    conversations,
    inboxes,
    keys,
    knowledge,
    people,
    server,
    visitors,
    web_chats,
    webhooks,
    words,
)
from chat.admin.labels import name_fields

__all__ = [
    "chatbots",
    "conversations",
    "inboxes",
    "keys",
    "knowledge",
    "people",
    "server",
    "visitors",
    "web_chats",
    "webhooks",
    "words",
]

name_fields()
