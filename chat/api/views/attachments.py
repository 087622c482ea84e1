"""Attachments: uploaded in one step, or registered after their file was sent with a form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from chat import selectors
from chat.api.pagination import Numbered, numbered
from chat.api.references import known
from chat.api.schema import example
from chat.api.serializers.attachments import (
    AttachmentChange,
    AttachmentInput,
    AttachmentSerializer,
    FileForm,
)
from chat.api.strangers import count_files, reader_of
from chat.api.views.base import ApiView
from chat.media.errors import FileRefused
from chat.models import Conversation
from chat.principals import Principal
from chat.services import attachments
from chat.shapes import attachment_shape

KEY = f"media/chat/attachment/{'9c41e6d07b2f4a58' * 4}.png"
EXAMPLE: dict[str, Any] = {
    "id": "3d2c8f5e-6f0e-4d67-9a3b-0f6b4d6a7c05",
    "type": "image",
    "filename": "parcel.png",
    "file": f"https://chat.example.com/{KEY}?expires=1748995200&signature=rM3eYk0h",
}
ANSWER = example("An attachment", EXAMPLE)
REGISTER = example("Register", {"file": KEY, "filename": "parcel.png", "type": "image"}, request=True)
SEND = example("Upload", {"file": "the bytes of parcel.png", "type": "image"}, request=True, form=True)
ONE_STEP = {"multipart/form-data": FileForm}
BOTH_WAYS = {"application/json": AttachmentInput, **ONE_STEP}


@contextmanager
def of_the_file() -> Iterator[None]:
    try:
        yield
    except FileRefused as error:
        raise ValidationError({"file": [str(error.message)]}) from None


class Attaching(ApiView):
    """What the routes have in common that make an attachment."""

    def make(self, principal: Principal, conversation: Conversation | None = None) -> Response:
        sent = self.request.data.get("file") if isinstance(self.request.data, dict) else None
        given = self.body(FileForm if isinstance(sent, UploadedFile) else AttachmentInput)
        if conversation is None and given["conversation"]:
            with known("conversation"):
                conversation = selectors.conversation_for(principal, given["conversation"])
        if self.caller is None and conversation:
            count_files(self.request, conversation, (sent.size or 0) if isinstance(sent, UploadedFile) else 0)
        where: dict[str, Any] = {"principal": principal, "conversation": conversation}
        with of_the_file():
            if isinstance(sent, UploadedFile):
                name, declared = sent.name or "", sent.content_type or ""
                made = attachments.add(
                    file=sent, filename=name, declared=declared, type=given["type"] or "", **where
                )
            else:
                made = attachments.register(
                    file=given["file"], filename=given["filename"], type=given["type"] or "", **where
                )
        return Response(attachment_shape(made), 201)


class AttachmentListView(Attaching):
    pagination_class = Numbered

    @extend_schema(summary="List attachments", responses=AttachmentSerializer(many=True), examples=[ANSWER])
    def get(self, request: Request) -> Response:
        """What programs have uploaded, and the files of the conversations that programs and visitors began;
        the newest first."""
        return Response(numbered(request, selectors.attachments_of(self.principal), attachment_shape))

    @extend_schema(
        summary="Make an attachment",
        request=BOTH_WAYS,
        responses={201: AttachmentSerializer},
        examples=[REGISTER, SEND, ANSWER],
    )
    def post(self, request: Request) -> Response:
        """Upload a file as the part `file` of a multipart form; or register as JSON one that was sent before:
        with its key (also without `media/`) or with the address of another attachment."""
        return self.make(self.principal)


class AttachmentUploadView(Attaching):
    @extend_schema(
        summary="Upload an attachment",
        request=ONE_STEP,
        responses={201: AttachmentSerializer},
        examples=[SEND, ANSWER],
    )
    def post(self, request: Request) -> Response:
        """Another name of `POST attachments/`."""
        return self.make(self.principal)


class ConversationAttachmentView(Attaching):
    anonymous: ClassVar = frozenset({"POST"})

    @extend_schema(
        summary="Make an attachment of a conversation",
        request=BOTH_WAYS,
        responses={201: AttachmentSerializer},
        examples=[REGISTER, SEND, ANSWER],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """As `POST attachments/`; it can be sent with a message of this conversation only. Without a key only
        in a conversation that a stranger began."""
        principal = reader_of(self.caller, id)
        return self.make(principal, selectors.conversation_for(principal, id))


class AttachmentView(ApiView):
    @extend_schema(summary="Get an attachment", responses=AttachmentSerializer, examples=[ANSWER])
    def get(self, request: Request, id: UUID) -> Response:
        return Response(attachment_shape(selectors.attachment_for(self.principal, id)))

    @extend_schema(
        summary="Change an attachment",
        request=AttachmentChange,
        responses=AttachmentSerializer,
        examples=[example("Rename", {"filename": "parcel-1.png"}, request=True), ANSWER],
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """Its name, its type or, while no message has it, its file. What is not sent stays."""
        given = self.body(AttachmentChange, partial=True)
        with of_the_file():
            changed = attachments.change(principal=self.principal, attachment=id, **given)
        return Response(attachment_shape(changed))

    @extend_schema(
        summary="Change an attachment",
        request=AttachmentChange,
        responses=AttachmentSerializer,
        examples=[example("Rename", {"filename": "parcel-1.png"}, request=True), ANSWER],
    )
    def put(self, request: Request, id: UUID) -> Response:
        """As `PATCH`: what is not sent stays."""
        return self.patch(request, id)

    @extend_schema(summary="Delete an attachment", responses={204: None})
    def delete(self, request: Request, id: UUID) -> Response:
        """Also from the message that it was sent with."""
        attachments.remove(principal=self.principal, attachment=id)
        return Response(status=204)
