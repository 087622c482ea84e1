"""The chatbots of an organization."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from chat.exceptions import NotFound
from chat.models import Chatbot, KnowledgeFile, LanguageModel, WebChat
from chat.prepared import Prepared
from chat.principals import Principal
from chat.selectors.web_chats import OPEN_TO_STRANGERS

#: By this id programs know the model that the server's environment names. Scripts that were written for
#: MaiAgent send it as its best known model's.
SERVERS_OWN = UUID("ba7da66a-6f30-414d-98f8-7d681a92d47a")

_first_chatbot = Prepared(lambda organization: chatbots_in(organization)[:1], organization=UUID)
_chatbot = Prepared(
    lambda organization, id: chatbots_in(organization).filter(pk=id), organization=UUID, id=UUID
)


def chatbot_for(principal: Principal, id: UUID | None) -> Chatbot:
    """The chatbot of their organization; without an id the first one there."""
    organization = principal.organization_id
    found = _chatbot(organization=organization, id=id) if id else _first_chatbot(organization=organization)
    if not found:
        raise NotFound
    return found[0]


def chatbots_of(principal: Principal) -> QuerySet[Chatbot]:
    return chatbots_in(principal.organization_id)


def chatbots_in(organization: UUID) -> QuerySet[Chatbot]:
    return (
        Chatbot.objects.filter(organization=organization, is_active=True)
        .select_related("language_model")
        .order_by("created_at", "pk")
    )


def open_chatbot(id: UUID) -> Chatbot:
    """One that strangers may talk to on some site."""
    sites = WebChat.objects.filter(chatbot=OuterRef("pk"), **OPEN_TO_STRANGERS)
    found = Chatbot.objects.filter(Exists(sites), pk=id, is_active=True).first()
    if found is None:
        raise NotFound
    return found


def language_model_for(principal: Principal, id: UUID) -> LanguageModel:
    """One of the organization's, or one that all may choose."""
    theirs = Q(organization=principal.organization_id) | Q(organization=None)
    found = LanguageModel.objects.filter(theirs, pk=id).first()
    if found is None:
        raise NotFound
    return found


def documents_of(chatbot: Chatbot) -> int:
    return KnowledgeFile.objects.filter(knowledge_base__chatbots=chatbot).count()
