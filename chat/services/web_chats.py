"""Web chats: where conversations begin, on a site or by a program."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from chat.db import transact
from chat.exceptions import NotFound
from chat.models import AccessType, Chatbot, Contact, ContactInbox, Conversation, Inbox, WebChat
from chat.principals import Principal
from chat.selectors.visitors import web_chat_for
from chat.services.contacts import ANONYMOUS, place_contact
from chat.services.replies import stop_replies_of_visitors


@transact()
def begin_conversation(
    *,
    principal: Principal | None,
    web_chat: UUID,
    contact: UUID | None = None,
    ip_address: str | None = None,
) -> Conversation:
    """An empty conversation in the web chat's inbox, answered by its chatbot.

    It is a new contact's, or with ``contact`` that one's of the organization. Without a principal a stranger
    begins it: the new contact is who they are from then on, and their address is kept.
    """
    place = web_chat_for(principal, web_chat)
    who = _contact(place, principal, contact)
    by = principal or Principal("visitor", who.pk, place.organization_id)
    conversation = Conversation(
        organization_id=place.organization_id,
        chatbot=place.chatbot,
        inbox=place.inbox,
        contact=who,
        created_by=by.label,
        ip_address=ip_address,
        ip_recorded_at=timezone.now() if ip_address else None,
    )
    conversation.save(force_insert=True)
    return conversation


def _contact(place: WebChat, principal: Principal | None, id: UUID | None) -> Contact:
    if principal is None or id is None:
        contact = Contact.objects.create(organization_id=place.organization_id, name=ANONYMOUS)
        ContactInbox.objects.create(contact=contact, inbox=place.inbox)
        return contact
    known = Contact.objects.filter(pk=id, organization_id=principal.organization_id, deleted_at=None).first()
    if known is None:
        raise NotFound
    place_contact(known, place.inbox)
    return known


def pause(web_chat: WebChat, *, by: str) -> int:
    """Close it to visitors at once: every ticket and token ends, their open pages are closed within seconds,
    and what is being answered to them stops. Returns how many replies that were."""
    with transact():
        WebChat.objects.filter(pk=web_chat.pk).update(
            is_active=False, generation=F("generation") + 1, updated_at=Now()
        )
        return stop_replies_of_visitors(web_chat.inbox_id, by=by)


def resume(web_chat: WebChat) -> None:
    """Open it again. Visitors come as new ones: the tokens that the pause ended stay ended."""
    WebChat.objects.filter(pk=web_chat.pk).update(is_active=True, updated_at=Now())


def api_web_chat(chatbot: Chatbot) -> WebChat:
    """Where the conversations of a chatbot are that programs begin; made when it is wanted first."""
    return _made(chatbot) or _make(chatbot)


def _made(chatbot: Chatbot) -> WebChat | None:
    there = WebChat.objects.filter(chatbot=chatbot, access_type=AccessType.API).select_related("inbox")
    return there.order_by("created_at", "pk").first()


def _make(chatbot: Chatbot) -> WebChat:
    with transact():
        # Two who want it at the same moment: the second waits here, and finds what the first has made.
        Chatbot.objects.select_for_update(no_key=True).filter(pk=chatbot.pk).first()
        if found := _made(chatbot):
            return found
        name = f"{chatbot.name[:249]} (API)"
        inbox = Inbox.objects.create(organization_id=chatbot.organization_id, name=name)
        return WebChat.objects.create(
            organization_id=chatbot.organization_id,
            inbox=inbox,
            chatbot=chatbot,
            name=name,
            access_type=AccessType.API,
            enable_anonymous=False,
        )
