"""The page of a web chat, which sites show in a frame, and what it reads and writes for its visitor."""

from __future__ import annotations

from django.urls import path

from chat.embed import loader, page, preview, views
from chat.embed.catalog import catalog

PAGE = "web-chats/<uuid:web_chat>"

urlpatterns = [
    path("js/embed.min.js", loader.loader, name="loader-script"),
    path("web-chats/catalog.js", catalog, name="javascript-catalog-of-page"),
    path(PAGE, page.page, name="embed-page"),
    path(f"{PAGE}/preview", preview.preview, name="embed-preview"),
    path(f"{PAGE}/ticket", views.ticket, name="visitor-ticket"),
    path(f"{PAGE}/conversations", views.conversation_list, name="visitor-conversations"),
    path(f"{PAGE}/conversations/<uuid:id>/messages", views.message_list, name="visitor-messages"),
    path(f"{PAGE}/conversations/<uuid:id>/read", views.mark_read, name="visitor-read"),
    path(f"{PAGE}/messages/<uuid:id>/feedback", views.feedback, name="visitor-feedback"),
    path(f"{PAGE}/attachments", views.attach, name="visitor-attach"),
    path(f"{PAGE}/clear", views.clear, name="visitor-clear"),
]
