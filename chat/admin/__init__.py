"""Django's admin, in the look of django-unfold. Importing this registers every model."""

from chat.admin import chatbots, conversations, inboxes, keys, knowledge, people, server, webhooks, words
from chat.admin.labels import name_fields

__all__ = [
    "chatbots",
    "conversations",
    "inboxes",
    "keys",
    "knowledge",
    "people",
    "server",
    "webhooks",
    "words",
]

name_fields()
