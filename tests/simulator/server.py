"""The simulator's HTTP: one protocol per connection and no framework, for thousands of them in a process."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter, deque
from dataclasses import asdict, dataclass, replace
from time import monotonic, time
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import orjson

from tests.simulator import dialects, maiagent
from tests.simulator.faults import Answer, Cut, Hang, Pause, Unframed, answer_for
from tests.simulator.scenario import read_scenario
from tests.simulator.script import answer_pieces, steps
from tests.simulator.wheel import Wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.faults import Step
    from tests.simulator.scenario import Scenario

#: Events that an unpaced stream sends before the others have their turn.
BURST = 64
#: A session, as load balancers set it; ``cookies`` counts the requests that bring one back.
COOKIE = "Set-Cookie: sim=1; Path=/\r\n"


@dataclass(slots=True)
class Record:
    """What became of one request. The clocks are the system's, the same in every process of this machine."""

    number: int
    model: str
    key: str
    opened_at: float
    opened_wall: float
    events: int = 0
    closed_at: float | None = None
    closed_wall: float | None = None
    closed_early: bool = False

    def close(self, *, early: bool) -> None:
        if self.closed_at is None:
            self.closed_at, self.closed_wall, self.closed_early = monotonic(), time(), early


class Simulator:
    """All that the connections share: the wheel and the books."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.wheel = Wheel(loop)
        self.connections = self.total = self.closed_early = self.peak = self.cookies = 0
        self.open: set[int] = set()
        self.records: deque[Record] = deque(maxlen=2000)
        self.requests: deque[dict[str, Any]] = deque(maxlen=20)
        self.seen: Counter[str] = Counter()
        self.conversations = maiagent.Conversations()
        #: What goes wrong no more: requests that contain one of these.
        self.healed: set[str] = set()

    def stats(self) -> dict[str, Any]:
        return {
            "open": len(self.open),
            "peak": self.peak,
            "connections": self.connections,
            "total": self.total,
            "closed_early": self.closed_early,
            "cookies": self.cookies,
            "requests": [asdict(record) for record in self.records],
            "last_requests": list(self.requests),
        }

    def begin(self, body: dict[str, Any], key: str) -> Record:
        self.total += 1
        self.open.add(self.total)
        self.peak = max(self.peak, len(self.open))
        self.requests.append(body)
        record = Record(self.total, str(body.get("model")), key, monotonic(), time())
        self.records.append(record)
        return record

    def end(self, record: Record, *, early: bool) -> None:
        if record.number in self.open:
            self.open.discard(record.number)
            self.closed_early += early
            record.close(early=early)

    def due_fault(self, scenario: Scenario, key: str) -> bool:
        """Whether this scenario's fault is still to happen: ``times`` counts requests that are alike."""
        self.seen[key] += 1
        if any(mark in key for mark in self.healed):
            return False
        return not scenario.times or self.seen[key] <= scenario.times


def text_of(content: Any) -> str:
    """Content is a text, or a list of parts of which some are texts."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return str(content or "")


class Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.buffer = b""
        self.record: Record | None = None
        self.steps: Iterator[Step] = iter(())
        self.interval = self.due = 0.0
        self.chunk = 0
        self.chunked = True
        self.paused = self.waiting = False

    # The connection ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        self.simulator.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.simulator.connections -= 1
        self._finish(early=True)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        if self.waiting:
            self.waiting = False
            self._play()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if self.record is not None or not found:
            return
        lines = head.split(b"\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(b":") for line in lines[1:])}
        length = int(headers.get(b"content-length", b"0"))
        if len(rest) >= length:
            self.buffer = rest[length:]
            method, path, _ = lines[0].decode("latin-1").split(" ", 2)
            self.simulator.cookies += b"cookie" in headers
            self._route(method, path, rest[:length], headers.get(b"authorization", b"").strip())

    # Requests ------------------------------------------------------------------------------------------

    def _route(self, method: str, path: str, body: bytes, authorization: bytes) -> None:
        if method == "POST" and path.endswith("/chat/completions"):
            self._complete(orjson.loads(body))
        elif method == "POST" and path.startswith("/api/chatbots/") and path.endswith("/completions/"):
            chatbot = unquote(path.removeprefix("/api/chatbots/").removesuffix("completions/").rstrip("/"))
            self._answer_as_chatbot(chatbot, orjson.loads(body), authorization)
        elif path == "/stats":
            self._answer(Answer("200 OK", orjson.dumps(self.simulator.stats())))
        elif path.startswith("/heal/"):
            self.simulator.healed.add(path.removeprefix("/heal/"))
            self._answer(Answer("200 OK", b"{}"))
        elif path.endswith("/models"):
            self._answer(Answer("200 OK", orjson.dumps({"object": "list", "data": [{"id": "sim"}]})))
        else:
            self._answer(Answer("404 Not Found", b'{"error":{"message":"no such path"}}'))

    def _complete(self, request: dict[str, Any]) -> None:
        message = text_of(request["messages"][-1].get("content"))
        scenario = read_scenario(str(request.get("model", "")), message)
        self._play_out(scenario, request, message)

    def _answer_as_chatbot(self, chatbot: str, request: dict[str, Any], authorization: bytes) -> None:
        message = maiagent.message_of(request)
        conversation = self.simulator.conversations.take(request.get("conversation"))
        if not authorization.startswith(b"Api-Key "):
            detail = b'{"detail":"Authentication credentials were not provided."}'
            self._answer(Answer("401 Unauthorized", detail))
        elif not chatbot or conversation is None:
            self.record = self.simulator.begin(request, message)
            self._answer(Answer("404 Not Found", b'{"detail":"Not found."}'))
        else:
            scenario = read_scenario(chatbot, message)
            dialect = maiagent.dialect_of(scenario, conversation)
            self._play_out(replace(scenario, dialect=dialect), request, message)

    def _play_out(self, scenario: Scenario, request: dict[str, Any], message: str) -> None:
        key = f"{request.get('model')} {message}"
        if scenario.fault and not self.simulator.due_fault(scenario, key):
            scenario = replace(scenario, fault="")
        self.record = self.simulator.begin(request, key)
        if scenario.fault == "refuse":
            self._cut(reset=True)
        elif scenario.fault == "badstatus":
            self.transport.write(b"WHAT 99 is this\r\n\r\n")
        elif scenario.fault != "hang":
            self._begin(scenario, request, message)

    def _begin(self, scenario: Scenario, request: dict[str, Any], message: str) -> None:
        whole = "".join(answer_pieces(scenario, message)) if scenario.fault == "json200" else ""
        if answer := answer_for(scenario, request, whole):
            self._answer(answer)
            return
        usage = bool((request.get("stream_options") or {}).get("include_usage"))
        self.steps = steps(scenario, message, usage=usage)
        self.chunked, self.chunk = scenario.fault != "cut_close", scenario.chunk
        self.interval = 1 / scenario.rate if scenario.rate else 0.0
        framing = "Transfer-Encoding: chunked" if self.chunked else "Connection: close"
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n{framing}\r\n{COOKIE}\r\n"
        )
        self.transport.write(head.encode() + self._framed(dialects.opening(scenario.dialect)))
        self.due = self.simulator.loop.time()
        self._play()

    def _answer(self, answer: Answer) -> None:
        extra = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        head = (
            f"HTTP/1.1 {answer.status}\r\nContent-Type: {answer.content_type}\r\n{extra}"
            f"Content-Length: {len(answer.body)}\r\n{COOKIE}\r\n"
        )
        self.transport.write(head.encode() + answer.body)
        self._finish(early=False)

    # The stream ----------------------------------------------------------------------------------------

    def _play(self) -> None:
        """Send the next event, or a burst of them when nothing sets the pace."""
        for _ in range(1 if self.interval else BURST):
            if self.record is None or self.transport.is_closing():
                return
            if self.paused:
                self.waiting = True
                return
            if not self._step():
                return
        if self.interval:
            self.due += self.interval
            self.simulator.wheel.at(self.due, self._play)
        else:
            self.simulator.loop.call_soon(self._play)

    def _step(self) -> bool:
        """Whether the next step may follow."""
        match next(self.steps, None):
            case None:
                self._end_of_body()
                return False
            case bytes(data):
                assert self.record is not None
                self.record.events += 1
                self.transport.write(self._framed(data))
                return True
            case Pause(seconds):
                self.due = self.simulator.loop.time() + seconds
                self.simulator.wheel.at(self.due, self._play)
            case Unframed(data):
                self.transport.write(data)
                return True
            case Cut(reset):
                self._cut(reset=reset)
            case Hang():
                pass
        return False

    def _framed(self, data: bytes) -> bytes:
        if not data or not self.chunked:
            return data
        if not self.chunk:
            return b"%x\r\n%b\r\n" % (len(data), data)
        cuts = (data[at : at + self.chunk] for at in range(0, len(data), self.chunk))
        return b"".join(b"%x\r\n%b\r\n" % (len(cut), cut) for cut in cuts)

    def _end_of_body(self) -> None:
        if self.chunked:
            self.transport.write(b"0\r\n\r\n")
        else:
            self.transport.close()
        self._finish(early=False)

    def _cut(self, *, reset: bool) -> None:
        self._finish(early=False)
        if reset:
            raw = self.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.close()

    def _finish(self, *, early: bool) -> None:
        record, self.record = self.record, None
        if record is not None:
            self.simulator.end(record, early=early)


async def listen(port: int = 0) -> asyncio.Server:
    """Serve on the loopback address only; the caller closes what is returned."""
    loop = asyncio.get_running_loop()
    simulator = Simulator(loop)
    return await loop.create_server(lambda: Connection(simulator), "127.0.0.1", port, backlog=4096)
