"""A mail server for the tests: takes what it is sent and keeps it, at once or when it is told to."""

from __future__ import annotations

import socketserver
import threading
from collections import Counter
from email import message_from_bytes
from email.message import Message
from types import TracebackType


class Mailbox:
    """``with Mailbox() as mailbox:``; ``EMAIL_URL=mailbox.url`` sends there.

    ``hold()`` lets mail wait before it is taken, as a slow server does, until ``release()``. ``refuse`` is
    the answer to a recipient, as long as it is set.
    """

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.refuse = ""
        self._gates: list[threading.Event] = []
        self._held = False
        self._server = Server(("127.0.0.1", 0), Session)
        self._server.mailbox = self
        self.url = f"smtp://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Mailbox:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()

    @property
    def waiting(self) -> int:
        return sum(not gate.is_set() for gate in self._gates)

    def hold(self) -> None:
        self._held = True

    def release(self) -> None:
        self._held = False
        for gate in self._gates:
            gate.set()

    def release_first(self) -> None:
        self._gates[0].set()

    def take(self, content: bytes) -> None:
        gate = threading.Event()
        self._gates.append(gate)
        if not self._held:
            gate.set()
        gate.wait(60)
        self.mails.append(message_from_bytes(content))

    def ids(self) -> Counter[str]:
        """How often each mail came, by its Message-ID."""
        return Counter(str(mail["Message-ID"]) for mail in list(self.mails))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    mailbox: Mailbox


class Session(socketserver.StreamRequestHandler):
    """One connection of RFC 5321, as far as Python's client speaks it."""

    server: Server

    def handle(self) -> None:
        self.say("220 mailbox")
        while line := self.rfile.readline():
            match line.split(None, 1)[0].upper():
                case b"RCPT" if self.server.mailbox.refuse:
                    self.say(self.server.mailbox.refuse)
                case b"DATA":
                    self.say("354 go on")
                    self.server.mailbox.take(b"".join(iter(self.rfile.readline, b".\r\n")))
                    self.say("250 taken")
                case b"QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 fine")

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")
