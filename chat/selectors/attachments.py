"""Uploaded files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from chat.exceptions import NotFound
from chat.models import Attachment, Conversation, Upload
from chat.principals import Principal
from chat.selectors.conversations import theirs


def attachments_of(principal: Principal) -> QuerySet[Attachment]:
    """Newest first: what they have uploaded, and what is in the conversations that they may reach."""
    return Attachment.objects.filter(
        _uploaded_by(principal) | Q(conversation__in=_conversations(principal)),
        organization=principal.organization_id,
    ).order_by("-created_at", "-pk")


def attachment_for(principal: Principal, id: UUID) -> Attachment:
    found = attachments_of(principal).filter(pk=id).first()
    if found is None:
        raise NotFound
    return found


def attachments_for(
    principal: Principal, ids: list[UUID], conversation: UUID | None = None
) -> list[Attachment]:
    """Those that they may attach to a message of the conversation: uploaded by them or put into it, and not
    attached to anything yet. In the order of the ids, all of them or ``NotFound``."""
    found = Attachment.objects.filter(
        _uploaded_by(principal) | Q(conversation=conversation, conversation__isnull=False),
        Q(conversation=None) | Q(conversation=conversation),
        pk__in=ids,
        organization=principal.organization_id,
        message=None,
    ).in_bulk()
    if len(found) != len(set(ids)):
        raise NotFound
    return [found[id] for id in dict.fromkeys(ids)]


def in_order() -> Prefetch[Any]:
    """The files of each message in the order of their upload: by itself a database keeps none."""
    return Prefetch("attachments", Attachment.objects.order_by("created_at", "pk"))


def attachment_of_file(name: str) -> Attachment | None:
    """For whoever shows a signed address of this stored file (``chat.media.links``)."""
    return Attachment.objects.filter(file=name).order_by("created_at", "pk").first()


def upload_for(principal: Principal, key: str) -> Upload | None:
    """The upload that they have asked for under this key, or that a stranger has: then the key is the right
    to it."""
    return Upload.objects.filter(
        Q(created_by=principal.label, organization=principal.organization_id)
        | Q(created_by="", organization=None),
        key=key,
    ).first()


def _uploaded_by(principal: Principal) -> Q:
    """Keys are replaced by others; what one of them has uploaded is its organization's."""
    if principal.kind == "key":
        return Q(created_by__startswith="key:", conversation=None)
    return Q(created_by=principal.label)


def _conversations(principal: Principal) -> QuerySet[Any]:
    return Conversation.objects.filter(theirs(principal)).values("pk")
