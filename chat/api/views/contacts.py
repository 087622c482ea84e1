"""Contacts: those who write to the organization from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import query
from chat.api.pagination import Numbered, numbered
from chat.api.schema import example, parameter
from chat.api.serializers.contacts import (
    MOST_CONTACTS,
    BroadcastInputSerializer,
    BroadcastSerializer,
    ContactInputSerializer,
    ContactSerializer,
)
from chat.api.views.base import ApiView
from chat.exceptions import BadRequest, Conflict
from chat.limits import take_message
from chat.models import Contact
from chat.selectors.contacts import contact_for, contacts_in, contacts_matching, contacts_of
from chat.services import contacts
from chat.services.broadcasts import broadcast, contact_id, contacts_of_inbox
from chat.shapes.contacts import broadcast_shape, contact_shape

CONTACT_ID = "5b0f3a7e-1f5d-4f0e-9d55-3f9a1f3c2e04"
INBOX = {"id": "7d5b4b5e-7f0a-4a3e-9c39-1b1f0d3f2a10"}
INPUT: dict[str, Any] = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "phoneNumber": "+44 20 7946 0018",
    "sourceId": "customer-1815",
    "inboxes": [INBOX],
    "queryMetadata": None,
}
CONTACT: dict[str, Any] = {
    **INPUT,
    "id": CONTACT_ID,
    "avatar": None,
    "inboxes": [{**INBOX, "name": "Shop"}],
    "mcpCredentials": [],
    "createdAt": "1748314926000",
    "updatedAt": "1748314926000",
}
TO_TWO = {"message": "We open at nine.", "contactIds": [CONTACT_ID, "nobody"]}
BROADCAST = {
    "results": [
        {
            "contact_id": CONTACT_ID,
            "conversation_id": "8e44604a-8278-4c96-96b5-3e5a0548d738",
            "message_id": "2491074a-6d23-4289-af45-caa12531420e",
            "status": "success",
        }
    ],
    "errors": [{"contact_id": "nobody", "error": "Contact not found."}],
    "total_contacts": 2,
    "success_count": 1,
    "error_count": 1,
}
ANSWER = example("A contact", CONTACT)
OF_INBOXES = parameter("inboxes", "Only those in one of these inboxes: ids with commas between them.")
#: No more of what is looked for is read.
WORDS = 200


def inboxes_asked(request: Request) -> list[UUID]:
    """Of ``inboxes``, sent several times or with commas, and of the older ``inbox``."""
    given = [*request.query_params.getlist("inboxes"), *request.query_params.getlist("inbox")]
    ids = [id.strip() for one in given for id in one.split(",") if id.strip()][:100]
    try:
        return [UUID(id) for id in ids]
    except ValueError:
        raise query.refused("inboxes", str(_("Enter ids with commas between them."))) from None


@contextmanager
def refusals_of_fields() -> Iterator[None]:
    try:
        with query.named_in_body("inboxes"):
            yield
    except Conflict as error:
        raise query.refused("source_id", str(error.message)) from None


class ContactListView(ApiView):
    pagination_class = Numbered

    @extend_schema(
        summary="List contacts",
        parameters=[
            parameter("query", "Only those whose name, id, sourceId, e-mail or phone number contains this."),
            OF_INBOXES,
        ],
        responses=ContactSerializer(many=True),
        examples=[ANSWER],
    )
    def get(self, request: Request) -> Response:
        """The newest first. `limit` and `offset` work too, and `search` as another name of `query`."""
        return Response(numbered(request, self.rows(), contact_shape))

    @extend_schema(
        summary="Make a contact",
        request=ContactInputSerializer,
        responses={201: ContactSerializer},
        examples=[example("A new contact", INPUT, request=True), ANSWER],
    )
    def post(self, request: Request) -> Response:
        given = self.body(ContactInputSerializer)
        with refusals_of_fields():
            made = contacts.create_contact(principal=self.principal, **given)
        return Response(contact_shape(made), 201)

    def rows(self) -> QuerySet[Contact]:
        words = (self.query("query") or self.query("search")).strip()[:WORDS]
        rows = contacts_matching(self.principal, words) if words else contacts_of(self.principal)
        inboxes = inboxes_asked(self.request)
        return contacts_in(rows, inboxes) if inboxes else rows


class ContactView(ApiView):
    @extend_schema(summary="One contact", responses=ContactSerializer, examples=[ANSWER])
    def get(self, request: Request, id: UUID) -> Response:
        return Response(contact_shape(contact_for(self.principal, id)))

    @extend_schema(
        operation_id="contacts_partial_update",
        summary="Change a contact",
        request=ContactInputSerializer,
        responses=ContactSerializer,
        examples=[example("A new name", {"name": "Ada King"}, request=True), ANSWER],
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """What is not sent stays as it is; `inboxes` are all of its inboxes."""
        given = self.body(ContactInputSerializer, partial=True)
        contact_for(self.principal, id)
        with refusals_of_fields():
            changed = contacts.update_contact(principal=self.principal, contact=id, **given)
        return Response(contact_shape(changed))

    @extend_schema(
        summary="Change a contact, as PATCH does",
        request=ContactInputSerializer,
        responses=ContactSerializer,
        examples=[example("The whole contact", INPUT, request=True), ANSWER],
    )
    def put(self, request: Request, id: UUID) -> Response:
        """What is not sent stays as it is."""
        return self.patch(request, id)

    @extend_schema(summary="Delete a contact", responses={204: None})
    def delete(self, request: Request, id: UUID) -> Response:
        """It is found no more, and its `sourceId` is free. Its conversations stay."""
        contacts.delete_contact(principal=self.principal, contact=id)
        return Response(status=204)


class BroadcastView(ApiView):
    @extend_schema(
        summary="Send one message to many contacts",
        request=BroadcastInputSerializer,
        responses=BroadcastSerializer,
        examples=[
            example(
                "To two", {"message": "We open at nine.", "contactIds": [CONTACT_ID, "nobody"]}, request=True
            ),
            example("Sent to one of two", BROADCAST),
        ],
    )
    def post(self, request: Request) -> Response:
        """Each gets it in the conversation that was active last. `contactIds` are at most 1,000; without them
        all contacts of `inboxId`. To more than 50 it is sent in the background, under the ids that the answer
        has. The answer has its names in snake_case."""
        given = self.body(BroadcastInputSerializer)
        wanted = self.wanted(given)
        take_message(self.principal)
        told = broadcast(principal=self.principal, content=given["message"], contacts=wanted)
        return Response(broadcast_shape(told))

    def wanted(self, given: dict[str, Any]) -> list[str]:
        ids = given.get("contact_ids") or []
        excluded = {contact_id(one) or one for one in given.get("exclude_contact_ids") or ()}
        if not ids:
            if not given.get("inbox_id"):
                raise BadRequest(_("Say to whom: send contactIds or inboxId."))
            with query.named_in_body("inbox_id"):
                most = MOST_CONTACTS + len(excluded) + 1
                ids = contacts_of_inbox(self.principal, given["inbox_id"], most=most)
        ids = [id for id in dict.fromkeys(ids) if (contact_id(id) or id) not in excluded]
        if len(ids) > MOST_CONTACTS:
            raise BadRequest(_("One message can be sent to at most 1,000 contacts at once."))
        return ids
