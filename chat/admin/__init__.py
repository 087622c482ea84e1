"""Django's admin, in the look of django-unfold. Importing this registers every model."""

from chat.admin import chatbots, conversations, inboxes, keys, knowledge, people, server, webhooks

__all__ = ["chatbots", "conversations", "inboxes", "keys", "knowledge", "people", "server", "webhooks"]
