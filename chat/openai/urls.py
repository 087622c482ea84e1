"""The addresses of OpenAI's API, each with and without the slash at its end."""

from __future__ import annotations

from django.urls import path

from chat.openai import views

urlpatterns = [
    path(f"{address}{slash}", view.as_view(), name=f"openai-{name}")
    for name, address, view in (
        ("models", "models", views.ModelsView),
        ("model", "models/<str:model>", views.ModelView),
        ("chat-completions", "chat/completions", views.ChatCompletionsView),
    )
    for slash in ("/", "")
]
