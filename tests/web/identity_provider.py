"""An OpenID Connect provider on this machine, as far as logging in needs one."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit


class IdentityProvider:
    """``with IdentityProvider(email="dora@example.com") as provider:`` says that everybody is that person."""

    def __init__(self, **person: Any) -> None:
        self.person = {"sub": "4711", "email_verified": True, **person}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def configuration(self) -> str:
        return f"{self.url}/.well-known/openid-configuration"

    def __enter__(self) -> IdentityProvider:
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answers(self) -> dict[str, dict[str, Any]]:
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
            },
            "/token": {"access_token": "opaque", "token_type": "Bearer"},
            "/userinfo": self.person,
        }

    def handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                if self.path.startswith("/authorize"):
                    self.send_back()
                    return
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = json.dumps(provider.answers()[self.path.partition("?")[0]]).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def send_back(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                self.send_response(302)
                query = urlencode({"code": "x", "state": asked["state"][0]})
                self.send_header("Location", f"{asked['redirect_uri'][0]}?{query}")
                self.end_headers()

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
