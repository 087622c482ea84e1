"""Records of a chatbot: what it was asked and answered, as pages and in a workbook; its webhook's calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat.answers.later import Later
from chat.api import query
from chat.api.errors import translated
from chat.api.pagination import Numbered, numbered
from chat.api.schema import example, parameter
from chat.api.serializers.records import EXPORT, RecordSerializer, WebhookRecordSerializer
from chat.api.views.base import ApiView
from chat.api.views.examples import CHATBOT
from chat.principals import Principal
from chat.selectors import chatbot_for
from chat.selectors.records import Wanted, records_of, webhook_records_of, whole_records
from chat.selectors.searching import searching
from chat.services.export_process import write_elsewhere
from chat.services.exports import write_records
from chat.services.web_chats import api_web_chat
from chat.shapes.chatbots import chatbot_shape
from chat.shapes.records import NO_SCORES, record_shape, webhook_record_shape

#: The name stands last and without quotes inside: clients cut it out of the header.
ATTACHMENT = {"Content-Disposition": 'attachment; filename="chatbot_records.xlsx"'}
#: So many records are written in the request itself, more by a process of its own.
FEW = 500
CHUNK = 256 * 1024

FILTERS = [
    parameter("startDate", "Asked on this day (UTC) or later.", kind="date"),
    parameter("endDate", "Asked on this day (UTC) or earlier.", kind="date"),
    parameter("userMessage", "Only questions that contain this."),
    parameter("botMessage", "Only answers that contain this."),
]
RECORD: dict[str, Any] = {
    "id": "0c4b8a3c-2f6c-4c39-8d1f-6f9d8b9c4d02",
    "senderName": "Ada",
    "feedback": None,
    "inputMessage": "Where is my parcel?",
    "condenseMessage": None,
    "outputMessage": "It is on its way [1].",
    **NO_SCORES,
    "replyTime": "2.31",
    "createdAt": "1748314926000",
    "error": None,
    "processingTime": {"queued": 0.01, "firstToken": 0.62, "generation": 1.68, "total": 2.31},
    "usage": {"inputWords": 4, "outputWords": 6, "promptTokens": 812, "completionTokens": 9},
    "citationNodes": [{"id": "6c1f7f52-5f0e-4f0c-9a0f-3a5b7d9e1c21", "text": "Parcels take two days."}],
    "context": "Parcels take two days.",
}
WEBHOOK_RECORD: dict[str, Any] = {
    "id": "b7a1f3a0-51b1-4f29-8a3f-2f1f7a6a9d10",
    "chatbot": CHATBOT,
    "url": "https://example.com/webhook",
    "requestBody": {"id": RECORD["id"], "content": RECORD["outputMessage"], "type": "outgoing"},
    "response": "",
    "statusCode": 200,
    "createdAt": "1748314928000",
    "error": None,
    "attempt": 1,
}


def wanted_in(request: Request) -> Wanted:
    return Wanted(
        start=query.day(request, "start_date"),
        end=query.day(request, "end_date"),
        user_message=query.text(request, "user_message"),
        bot_message=query.text(request, "bot_message"),
    )


class RecordListView(ApiView):
    pagination_class = Numbered

    @extend_schema(
        summary="List what a chatbot was asked and answered",
        parameters=FILTERS,
        responses=RecordSerializer(many=True),
        examples=[example("A record", RECORD)],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """One record for each question that has an answer, the newest first. Of several attempts the last one
        counts. The refined question and the scores are null: nothing measures them yet."""
        wanted = wanted_in(request)
        rows = records_of(self.principal, chatbot_for(self.principal, id).pk, wanted)
        with searching(wanted.user_message or wanted.bot_message):
            page = numbered(request, rows, lambda row: {"id": row.pk})
        whole = whole_records([one["id"] for one in page["results"]])
        return Response({**page, "results": [record_shape(row) for row in whole]})


class RecordExportView(ApiView):
    @extend_schema(
        summary="The records as an Excel workbook",
        parameters=FILTERS,
        responses={
            (200, EXPORT): OpenApiTypes.BINARY,
            413: OpenApiResponse(description="It would take too long: choose a shorter time."),
        },
        examples=[OpenApiExample("A workbook", "PK…", media_type=EXPORT, response_only=True)],
    )
    def get(self, request: Request, id: UUID) -> HttpResponseBase:
        """The same records, one in each row, all cells as texts. What is longer than a cell holds is cut, and
        says so. A large export is written before the first byte is sent, one at a time."""
        chatbot, wanted = chatbot_for(self.principal, id).pk, wanted_in(request)
        if records_of(self.principal, chatbot, wanted).order_by()[: FEW + 1].count() > FEW:
            return Later(partial(translated, partial(_export, self.principal, chatbot, wanted)))
        file = BytesIO()
        write_records(self.principal, chatbot, wanted, file)
        return HttpResponse(file.getvalue(), EXPORT, headers=ATTACHMENT)


async def _export(principal: Principal, chatbot: UUID, wanted: Wanted) -> HttpResponseBase:
    file = TemporaryFile()  # noqa: SIM115 (closed with the response)
    try:
        await write_elsewhere(principal, chatbot, wanted, file)
    except BaseException:
        file.close()
        raise
    size = file.seek(0, 2)
    file.seek(0)
    response = StreamingHttpResponse(
        chunks(file), content_type=EXPORT, headers={**ATTACHMENT, "Content-Length": str(size)}
    )
    response._resource_closers.append(file.close)  # type: ignore[attr-defined]
    return response


async def chunks(file: IO[bytes]) -> AsyncGenerator[bytes, None]:
    loop = asyncio.get_running_loop()
    while chunk := await loop.run_in_executor(None, file.read, CHUNK):
        yield chunk


class WebhookRecordListView(ApiView):
    pagination_class = Numbered

    @extend_schema(
        summary="List the calls to a chatbot's webhook",
        responses=WebhookRecordSerializer(many=True),
        examples=[example("A call", WEBHOOK_RECORD)],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Every attempt, the newest first. Calls about members' conversations are in the admin only."""
        chatbot = chatbot_for(self.principal, id)
        shape = chatbot_shape(chatbot, api_web_chat(chatbot))
        rows = webhook_records_of(self.principal, chatbot.pk)
        return Response(numbered(request, rows, lambda row: webhook_record_shape(row, shape)))
