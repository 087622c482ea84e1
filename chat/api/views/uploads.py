"""Forms with which a file is sent straight to where files are stored."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.schema import example, parameter
from chat.api.serializers.attachments import UploadInput, UploadSerializer
from chat.api.strangers import count_upload
from chat.api.views.attachments import KEY, of_the_file
from chat.api.views.base import ApiView
from chat.services import uploads

NAMES = ("filename", "model_name", "field_name", "file_size")
ASK = {"filename": "parcel.png", "modelName": "attachment", "fieldName": "file", "fileSize": 48213}
EXAMPLE: dict[str, Any] = {
    "url": "https://chat.example.com/uploads",
    "fields": {
        "key": KEY,
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "parley/20250527/local/s3/aws4_request",
        "x-amz-date": "20250527T031526Z",
        "policy": "eyJleHBpcmF0aW9uIjoiMjAyNS0wNS0yN1QwMzoyNToyNloifQ==",
        "x-amz-signature": "p0nQmO3c9Q1r2sVtq7ZJv8bKxE5hYdFwL4uT6aGiHkM",
    },
}


class UploadUrlView(ApiView):
    anonymous: ClassVar = frozenset({"POST"})

    @extend_schema(
        summary="Ask for an upload form",
        parameters=[
            parameter("filename", "If it is not in the body."),
            parameter("modelName", "If it is not in the body.", enum=["attachment"]),
            parameter("fieldName", "If it is not in the body.", enum=["file"]),
            parameter("fileSize", "If it is not in the body.", kind="integer"),
        ],
        request=UploadInput,
        responses=UploadSerializer,
        examples=[example("Ask", ASK, request=True), example("A form", EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        """Send the `fields` and last the part `file` to `url` within ten minutes, without an API key; the
        answer is 204. Then register the `key` with `POST attachments/`. If a stranger asked, whoever has the
        `key` may register it."""
        given = self.body(UploadInput)
        if self.caller is None:
            count_upload(request, given["file_size"])
        with of_the_file():
            form = uploads.ask(principal=self.caller, filename=given["filename"], size=given["file_size"])
        return Response({"url": form.url, "fields": form.fields})

    def input_data(self) -> Any:
        """The body, and from the address what is not in it: clients differ in where they put what."""
        if not isinstance(self.request.data, dict):
            return self.request.data
        asked = {name: self.query(name) for name in NAMES if self.query(name)}
        return {**asked, **{name: self.request.data[name] for name in self.request.data}}
