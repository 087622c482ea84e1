"""A server that speaks as much of S3's language as Parley uses: objects, and forms that are checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from io import BytesIO
from urllib.parse import unquote, urlsplit

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http.multipartparser import MultiPartParser

from tests.harness.web import QuietHandler, answering

BUCKET, KEY_ID, SECRET, REGION = "uploads", "AKIDTEST", "n0t-a-real-secret-of-anyone", "eu-test-1"

#: With an object of this name it refuses everything.
AWAY = "away"


def is_signed(fields: dict[str, str]) -> bool:
    """Whether the policy carries the signature of version 4."""
    _key, *scope = fields["x-amz-credential"].split("/")
    key = reduce(lambda key, part: hmac.digest(key, part.encode(), "sha256"), scope, f"AWS4{SECRET}".encode())
    expected = hmac.new(key, fields["policy"].encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, fields["x-amz-signature"])


@contextmanager
def bucket() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Its address, and its objects by their keys."""
    objects: dict[str, bytes] = {}

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        @property
        def key(self) -> str:
            return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}/")

        def answer(self, status: int, body: bytes = b"", length: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.send_header("ETag", '"etag"')
            self.send_header("Last-Modified", "Fri, 20 Nov 2026 12:00:00 GMT")
            self.end_headers()
            self.wfile.write(body)

        def body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))

        def allowed(self) -> bool:
            return AWAY not in objects and f"Credential={KEY_ID}/" in self.headers.get("Authorization", "")

        def do_PUT(self) -> None:
            if self.headers.get("Expect") == "100-continue":
                self.send_response_only(100)
                self.end_headers()
            content = self.body()
            if self.allowed():
                objects[self.key] = content
            self.answer(200 if self.allowed() else 403)

        def do_GET(self) -> None:
            found = objects.get(self.key)
            head = self.command == "HEAD"
            if found is None or not self.allowed():
                self.answer(403 if found else 404)
            else:
                self.answer(200, b"" if head else found, len(found))

        do_HEAD = do_GET

        def do_DELETE(self) -> None:
            objects.pop(self.key, None)
            self.answer(204)

        def do_POST(self) -> None:
            body = self.body()
            meta = {"CONTENT_TYPE": self.headers["Content-Type"], "CONTENT_LENGTH": len(body)}
            fields, files = MultiPartParser(meta, BytesIO(body), [MemoryFileUploadHandler()]).parse()
            given = {name: fields[name] for name in fields}
            content = files["file"].read()
            conditions = json.loads(base64.b64decode(given["policy"]))["conditions"]
            [most] = [one[2] for one in conditions if isinstance(one, list)]
            fits = {"key": given["key"]} in conditions and len(content) <= most
            if not (is_signed(given) and fits):
                self.answer(403)
            else:
                objects[given["key"]] = content
                self.answer(204)

    with answering(Handler) as url:
        yield url, objects
