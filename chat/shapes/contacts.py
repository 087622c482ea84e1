"""A contact as JSON, and what became of a message to many of them."""

from __future__ import annotations

from chat.models import Contact
from chat.services.broadcasts import Broadcast
from chat.shapes.values import Shape, milliseconds


def contact_shape(contact: Contact) -> Shape:
    """Needs the places that ``selectors.contacts.contacts_of`` fetches."""
    return {
        "id": str(contact.pk),
        "name": contact.name,
        "email": contact.email or None,
        "phoneNumber": contact.phone_number or None,
        "avatar": contact.avatar or None,
        "sourceId": contact.source_id or None,
        "inboxes": [{"id": str(one.inbox_id), "name": one.inbox.name} for one in contact.places.all()],
        "queryMetadata": contact.query_metadata,
        "mcpCredentials": [],
        "createdAt": milliseconds(contact.created_at),
        "updatedAt": milliseconds(contact.updated_at),
    }


def broadcast_shape(broadcast: Broadcast) -> Shape:
    """In snake_case, as known clients read it."""
    sent, failed = broadcast.sent, broadcast.failed
    return {
        "results": [
            {
                "contact_id": str(one.contact),
                "conversation_id": str(one.conversation),
                "message_id": str(one.message),
                "status": "success",
            }
            for one in sent
        ],
        "errors": [{"contact_id": contact, "error": error} for contact, error in failed.items()],
        "total_contacts": len(sent) + len(failed),
        "success_count": len(sent),
        "error_count": len(failed),
    }
