"""The addresses of MAAX's API, each with and without the slash at its end, and under the names that its
documentation misspells."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import path
from django.urls.resolvers import URLPattern

from chat.maax import views

NAMES: dict[type[views.MaaxView], tuple[str, ...]] = {
    views.InitiateAnswerGeneration: ("initiate_answer_generation", "inititiate_answer_generation"),
    views.RetrieveAnswer: ("retrieve_answer",),
    views.CreateConversation: ("create-conversation", "create_conversation"),
    views.ConversationHistory: ("get_conversations_history",),
}


def patterns() -> Iterator[URLPattern]:
    """The first name with a slash is the one that the schema has."""
    for view, names in NAMES.items():
        for address in (f"{name}{slash}" for name in names for slash in ("/", "")):
            described = {} if address == f"{names[0]}/" else {"schema": None}
            yield path(address, view.as_view(**described), name=f"maax-{view.__name__}")


urlpatterns = list(patterns())
