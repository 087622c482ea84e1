"""The addresses of the chat page, what it reads and writes, and health."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.gzip import gzip_page
from django.views.i18n import JavaScriptCatalog

from chat.web import health, media, metrics, probe, views

catalog = gzip_page(JavaScriptCatalog.as_view(packages=["chat"]))

urlpatterns = [
    path("", views.chat_page, name="chat"),
    path("c/<uuid:conversation>", views.chat_page, name="conversation"),
    path("chat/conversations", views.conversation_list, name="conversations"),
    path("chat/conversations/<uuid:id>", views.conversation, name="conversation-edit"),
    path("chat/conversations/<uuid:id>/messages", views.message_list, name="messages"),
    path("chat/conversations/<uuid:id>/read", views.mark_read, name="conversation-read"),
    path("chat/messages/<uuid:id>/feedback", views.feedback, name="feedback"),
    path("chat/attachments", views.attach, name="attach"),
    path("i18n/catalog.js", catalog, name="javascript-catalog"),
    path("media/<path:name>", media.media, name="media"),
    path("uploads", media.receive, name="uploads"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/probe", probe.answer_probe, name="probe"),
    path("metrics", metrics.metrics, name="metrics"),
]
