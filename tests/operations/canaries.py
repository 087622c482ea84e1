"""Secrets and texts that nobody may find in a log, and a model server that repeats all that it is told."""

from __future__ import annotations

import json
from uuid import uuid4

from tests.harness.web import QuietHandler

PROVIDER_KEY = "sk-canary-provider-5f1c93"
ODD_PROVIDER_KEY = "canary/provider+key+of+no+known+form"
API_KEY = "pk_0c4a1b2d_canary-api-key-of-a-program"
METRICS_TOKEN = "canary-metrics-token-77aa"
PASSWORD = "canary-password-Xy7"
CSRF_TOKEN = "canarycsrf" + uuid4().hex[:22]
INVITATION = "canary-Invitation-" + uuid4().hex
MESSAGE = "canary-message: my daughter's birthday is in May"
DOCUMENT = "canary-document: the safe opens with 4-8-15"


class Echo(QuietHandler):
    """Streams the newest message back; one with the word "fail" gets a 500 with headers and body in it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        text = json.loads(body)["messages"][-1]["content"]
        if "fail" in text:
            self.answer(500, "text/plain", f"{self.headers}\n{body}")
        else:
            deltas = [{"delta": {"content": text}}, {"delta": {}, "finish_reason": "stop"}]
            events = [json.dumps({"choices": [delta]}) for delta in deltas]
            self.answer(
                200, "text/event-stream", "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"])
            )

    def answer(self, status: int, kind: str, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())
