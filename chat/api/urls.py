"""The addresses of the API, below ``/api/`` and ``/api/v1/`` alike (``config/urls.py``).

``route("conversations/<uuid:id>", ConversationView, name="api-conversation")`` answers with and without the
slash at the end, and redirects nobody: a redirect turns a POST into a GET. Names begin with ``api-``. Literal
paths stand before those with an id in their place.
"""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern
from django.urls.resolvers import RoutePattern
from rest_framework.views import APIView

from chat.api.views import (
    attachments,
    chatbots,
    completions,
    contact_conversations,
    contacts,
    conversations,
    documentation,
    inboxes,
    messages,
    records,
    uploads,
    web_chats,
)


class EitherSlash(RoutePattern):
    """A route whose last slash may be left out; links and the schema have it."""

    def match(self, path: str) -> Any:
        return super().match(path if path.endswith("/") else f"{path}/")


def route(address: str, view: type[APIView], *, name: str) -> URLPattern:
    return URLPattern(EitherSlash(f"{address}/", name=name, is_endpoint=True), view.as_view(), name=name)


urlpatterns = [
    route("schema", documentation.SchemaView, name="api-schema"),
    route("docs", documentation.DocsView, name="api-docs"),
    route("chatbots", chatbots.ChatbotListView, name="api-chatbots"),
    route("chatbots/<uuid:id>", chatbots.ChatbotView, name="api-chatbot"),
    route("chatbots/<uuid:id>/completions", completions.CompletionView, name="api-completions"),
    route("chatbots/<uuid:id>/records", records.RecordListView, name="api-records"),
    route("chatbots/<uuid:id>/records/export-excel", records.RecordExportView, name="api-records-export"),
    route("chatbots/<uuid:id>/webhook-records", records.WebhookRecordListView, name="api-webhook-records"),
    route("web-chats", web_chats.WebChatListView, name="api-web-chats"),
    route("web-chats/<uuid:id>", web_chats.WebChatView, name="api-web-chat"),
    route("contacts", contacts.ContactListView, name="api-contacts"),
    route("contacts/broadcast-message", contacts.BroadcastView, name="api-broadcast"),
    route("contacts/<uuid:id>", contacts.ContactView, name="api-contact"),
    route(
        "contacts/<uuid:id>/conversations",
        contact_conversations.ContactConversationsView,
        name="api-contact-conversations",
    ),
    route(
        "contacts/<uuid:id>/conversations/latest",
        contact_conversations.LatestConversationView,
        name="api-contact-latest",
    ),
    route("conversations", conversations.ConversationListView, name="api-conversations"),
    route("conversations/<uuid:id>", conversations.ConversationView, name="api-conversation"),
    route(
        "conversations/<uuid:id>/update-auto-reply",
        conversations.AutoReplyView,
        name="api-conversation-auto-reply",
    ),
    route(
        "conversations/<uuid:id>/update-enable-group-mention",
        conversations.GroupMentionView,
        name="api-conversation-group-mention",
    ),
    route("messages", messages.MessageListView, name="api-messages"),
    route("messages/outgoing", messages.OutgoingMessageView, name="api-messages-outgoing"),
    route("messages/<uuid:id>", messages.MessageView, name="api-message"),
    route("messages/<uuid:id>/feedback", messages.FeedbackView, name="api-message-feedback"),
    route("attachments", attachments.AttachmentListView, name="api-attachments"),
    route("attachments/<uuid:id>", attachments.AttachmentView, name="api-attachment"),
    route("attachments-upload", attachments.AttachmentUploadView, name="api-attachments-upload"),
    route(
        "conversations/<uuid:id>/attachments",
        attachments.ConversationAttachmentView,
        name="api-conversation-attachments",
    ),
    route("inboxes", inboxes.InboxListView, name="api-inboxes"),
    route("upload-presigned-url", uploads.UploadUrlView, name="api-upload-presigned-url"),
]
