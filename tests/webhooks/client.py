"""A developer's program, which knows an address and a key.

    python -m tests.webhooks.client http://127.0.0.1:8000 pk_… http://127.0.0.1:6666/webhook

It gives the chatbot a webhook, begins a conversation and posts a message; it prints what it was answered.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import requests


def main(base: str, key: str, webhook: str) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Api-Key {key}"

    def call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = session.request(method, f"{base}/api/v1/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    chatbot = call("GET", "chatbots/")["results"][0]["id"]
    web_chat = call("PATCH", f"chatbots/{chatbot}/", {"webhookUrl": webhook})["apiWebChatId"]
    conversation = call("POST", "conversations/", {"webChat": web_chat})
    posted = {"conversation": conversation["id"], "content": "May I send it back?", "attachments": []}
    print(json.dumps({"chatbot": chatbot, "message": call("POST", "messages/", posted)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
