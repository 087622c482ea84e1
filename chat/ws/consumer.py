"""One browser tab's socket.

The receive loop only counts and hands over: a task does what the frames ask for, in order, and each open
reply has a task that follows its log. So a stop is heard while a reply streams, and a slow database delays
nobody's acknowledgements. The socket owns none of the replies: when it goes, they go on.

Most sockets are idle, and there are many: what one needs only while something happens is made when it does.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import aclosing
from contextvars import copy_context
from secrets import token_hex
from typing import Any
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer

from chat.db import in_database
from chat.exceptions import BadRequest, ChatError, Conflict, NotAllowed, TooLarge
from chat.hints import Hint, conversation_group, hub
from chat.limits import TokenBucket, take_message
from chat.logs import bind
from chat.metrics import REGISTRY
from chat.principals import Principal
from chat.replies.asking import whole
from chat.replies.engine import running_engine
from chat.services.contents import MESSAGE_BYTES
from chat.services.visitors import Guest
from chat.ws import actions, frames, greeting
from chat.ws.closing import BAD_HELLO, GONE, NOT_NOW, TOO_FAST, TOO_MANY, TOO_SLOW, code_of
from chat.ws.failures import failure_of
from chat.ws.following import frames_of
from chat.ws.metrics import SocketCollector
from chat.ws.rights import watch
from chat.ws.rows import Rows
from chat.ws.window import TooSlow, Window

logger = logging.getLogger(__name__)

HELLO_SECONDS = 5.0
FRAME_BYTES = 64 * 1024
WAITING_FRAMES = 64
ACK_BYTES, ACK_SECONDS = 32 * 1024, 1

LIMITS = {
    "messageBytes": MESSAGE_BYTES,
    "frameBytes": FRAME_BYTES,
    "ackBytes": ACK_BYTES,
    "ackSeconds": ACK_SECONDS,
}

#: Every open socket of this process, for the drain.
sockets: set[ChatConsumer] = set()
metrics = SocketCollector(sockets)
REGISTRY.register(metrics)


class ChatConsumer(AsyncWebsocketConsumer):
    """Speaks the frames of ``chat.ws.frames``; ``docs/socket.md`` documents them."""

    principal: Principal | None = None
    #: What a visitor's right rests on; members have none.
    guest: Guest | None = None
    conversation: UUID | None = None
    #: Where it listens in the hub as long as it is open.
    listens_to: tuple[str, ...] = ()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Channels' own has a task for each event, and hops to a thread before it to close old connections.
        Here hints come from the hub, and ``in_database`` closes them."""
        self.scope, self.base_send = scope, send
        code = 1006  # as browsers call an end without a word: a fault of ours, or the server goes
        try:
            while (event := await receive())["type"] != "websocket.disconnect":
                if event["type"] == "websocket.connect":
                    await self.connect()
                else:
                    await self.receive(event.get("text"), event.get("bytes"))
                    # Of frames that came at once, some are done before all are counted.
                    await asyncio.sleep(0)
            code = event["code"]
        finally:
            if self in sockets:
                await self.disconnect(code)

    async def connect(self) -> None:
        self.window = Window()
        #: What is still to be done: by what came from the client, and by what the hub told.
        self.work: list[frames.ClientFrame | BadRequest] = []
        self.hints: dict[tuple[str, str], Hint] = {}
        self.rows: Rows | None = None
        self.working = False
        self.frame_rate = TokenBucket(600, 60)
        self.byte_rate = TokenBucket(4 * 1024 * 1024, 256 * 1024)
        self.readers: dict[UUID, asyncio.Task[None]] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        #: Replies of the open conversation that were told of to their end.
        self.finished: set[UUID] = set()
        #: Messages sent here whose hint is still to come: they are shown without it.
        self.told: set[str] = set()
        #: Replies that are being stopped.
        self.stopping: set[UUID] = set()
        self.closing = False
        self.code = 0
        self.opened_at = time.monotonic()
        bind(socket=token_hex(4))
        self.context = copy_context()
        self.late = asyncio.get_running_loop().call_later(
            HELLO_SECONDS, lambda: self.begin(self.end(BAD_HELLO))
        )
        sockets.add(self)
        await self.accept()
        logger.info("socket_opened")

    async def disconnect(self, code: int) -> None:
        self.closing = True
        self.late.cancel()
        sockets.discard(self)
        metrics.count_closed(self.code or code, self.window)
        seconds = round(time.monotonic() - self.opened_at, 1)
        fields = {"code": self.code or code, "seconds": seconds, "frames": self.window.n}
        logger.info("socket_closed", extra=fields)
        watch.remove(self.lose_standing)
        for task in [*self.readers.values(), *self.tasks]:
            task.cancel()
        for group in self.listens_to:
            hub.forget(group, self.hint)
        if self.conversation:
            hub.forget(conversation_group(self.conversation), self.hint)

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task of this socket, which ends with it. Its log records are the socket's, whoever began it."""
        task = asyncio.create_task(work, context=self.context)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def end(self, code: int) -> None:
        if not self.closing:
            self.closing = True
            self.code = code
            await self.close(code)

    async def lose_standing(self) -> None:
        await self.end(GONE)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.closing:
            return
        size = len(text_data or bytes_data or "")
        waiting = len(self.work) + len(self.stopping)
        if self.frame_rate.take() or self.byte_rate.take(size) or waiting > WAITING_FRAMES:
            await self.end(TOO_FAST)
            return
        frame: frames.ClientFrame | BadRequest
        try:
            frame = self.read(text_data, size)
        except BadRequest as error:
            frame = error
        match frame:
            case frames.Ack():
                self.window.acknowledge(frame.n)
            case frames.Stop() if self.principal:
                if frame.reply not in self.stopping:
                    self.stopping.add(frame.reply)
                    self.begin(self.guarded(self.stop(self.principal, frame.reply), str(frame.reply)))
            case _:
                self.work.append(frame)
                self.go_on()

    def read(self, text: str | None, size: int) -> frames.ClientFrame:
        if text is None:
            raise BadRequest
        if size > FRAME_BYTES or (
            size > FRAME_BYTES // 4 and len(text.encode(errors="replace")) > FRAME_BYTES
        ):
            raise TooLarge
        return frames.parse(text)

    def hint(self, event: Hint) -> None:
        """From the hub: there is news. News of one thing that wait together are one."""
        if event["what"] != "conversation":
            self.hints[event["what"], event["id"]] = event
            self.go_on()
        elif self.list_of_rows().changed(UUID(event["id"])):
            self.begin(self.guarded(self.list_of_rows().show_all(), None, quietly=True))

    def list_of_rows(self) -> Rows:
        self.rows = self.rows or Rows(self.known(), self.show_row)
        return self.rows

    async def show_row(self, row: dict[str, Any]) -> None:
        await self.push(frames.ConversationFrame(row))

    def go_on(self) -> None:
        if not self.working:
            self.working = True
            self.begin(self.do_work())

    async def do_work(self) -> None:
        while self.work or self.hints:
            if self.work:
                frame = self.work.pop(0)
                await self.guarded(self.on_frame(frame), frames.reference(frame))
            else:
                hint = self.hints.pop(next(iter(self.hints)))
                await self.guarded(self.on_hint(hint), None, quietly=True)
        self.working = False

    async def guarded(
        self, work: Coroutine[Any, Any, None], ref: str | None, *, quietly: bool = False
    ) -> None:
        """Do the work; what goes wrong becomes an ``error`` frame, and the socket stays open."""
        try:
            error = await failure_of(work, ref)
            if error and not quietly:
                await self.push(error)
        except TooSlow:
            await self.end(TOO_SLOW)

    async def on_frame(self, frame: frames.ClientFrame | BadRequest) -> None:
        if isinstance(frame, BadRequest):
            raise frame
        if isinstance(frame, frames.Hello):
            await self.greet(frame)
            return
        if self.principal is None:
            await self.end(BAD_HELLO)
            return
        match frame:
            case frames.Ping():
                await self.push(frames.Pong())
            case frames.Open():
                await self.open(frame.conversation, frame.reply, frame.after)
            case frames.Send():
                await self.send_message(self.principal, frame)
            case frames.Retry():
                take_message(self.principal)
                shown = await whole(actions.retry(self.principal, frame.message, self.guest))
                await self.show(shown, None)

    async def greet(self, hello: frames.Hello) -> None:
        if self.principal is not None:
            raise BadRequest
        if hello.protocol != frames.PROTOCOL or (hello.token and hello.ticket is None):
            await self.end(BAD_HELLO)
            return
        self.late.cancel()
        try:
            await self.welcome(hello)
        except ChatError as refused:
            await self.push(frames.Error(refused.code, str(refused.message)))
            await self.end(code_of(refused))
        except Exception:
            # Without the database nobody can be greeted: they come again.
            logger.exception("not_greeted")
            await self.end(NOT_NOW)

    async def welcome(self, hello: frames.Hello) -> None:
        found = await greeting.greeted(hello, self.scope)
        if found is None:
            await self.end(GONE)
            return
        if greeting.has_too_many(found):
            await self.end(TOO_MANY)
            return
        self.principal = found.principal
        self.guest = found if isinstance(found, Guest) else None
        watch.add(self.lose_standing, found)
        self.listens_to = greeting.groups_of(found)
        for group in self.listens_to:
            hub.listen(group, self.hint)
        await self.push(greeting.ready(found, LIMITS))
        for frame in greeting.told(found):
            await self.push(frame)
        if (engine := running_engine()) and engine.runner.draining:
            await self.push(frames.Restarting())

    async def open(self, conversation: UUID, reply: UUID | None, after: int) -> None:
        """Follow a conversation instead of the earlier one: listen first, then look at what is open in it.
        Until it turns out to be theirs nothing of it is told."""
        principal, group = self.known(), conversation_group(conversation)
        early: list[Hint] = []
        hear = early.append
        hub.listen(group, hear)
        try:
            found = await in_database(actions.opened, principal, conversation, reply)
            self.join(conversation)
        finally:
            hub.forget(group, hear)
        for hint in early:
            self.hint(hint)
        for one in found:
            self.read_reply(one, after if one == reply else 0)

    def join(self, conversation: UUID) -> None:
        self.leave()
        self.conversation = conversation
        bind(conversation=conversation)
        hub.listen(conversation_group(conversation), self.hint)

    def leave(self) -> None:
        for task in self.readers.values():
            task.cancel()
        self.readers.clear()
        self.finished.clear()
        self.told.clear()
        if self.conversation is not None:
            hub.forget(conversation_group(self.conversation), self.hint)
            self.conversation = None

    async def send_message(self, principal: Principal, frame: frames.Send) -> None:
        take_message(principal)
        ref = str(frame.id)
        if frame.conversation == self.conversation:
            self.told.add(ref)
        created = False
        try:
            sent = await whole(actions.send(principal, frame, self.guest))
            created = sent.created
        except Conflict:
            await self.end(NOT_NOW)  # the visitor came to be known at the same moment: they are greeted anew
            return
        finally:
            if not created:
                self.told.discard(ref)  # no hint of it will come
        if sent.settled:
            self.guest = sent.settled
            watch.add(self.lose_standing, sent.settled)
            await self.push(frames.VisitorFrame(sent.settled.told))
        if sent.began:
            self.join(frame.conversation)
        await self.show(sent.shape, ref)

    async def stop(self, principal: Principal, reply: UUID) -> None:
        try:
            await whole(actions.stop(principal, reply))
        finally:
            self.stopping.discard(reply)

    async def on_hint(self, hint: Hint) -> None:
        principal = self.known()
        match hint["what"]:
            case "message" if hint["id"] in self.told:
                self.told.remove(hint["id"])
            case "message" if hint["conversation"] == str(self.conversation):
                await self.show(await in_database(actions.message_of, principal, UUID(hint["id"])), None)
            case "deleted":
                self.list_of_rows().gone(UUID(hint["id"]))
                await self.push(frames.ConversationFrame({"id": hint["id"], "deleted": True}))
                if hint["id"] == str(self.conversation):
                    self.leave()

    async def show(self, shape: dict[str, Any], ref: str | None) -> None:
        """Tell of a message, and follow its reply when its conversation is the open one."""
        if ref is not None or shape["conversation"] == str(self.conversation):
            await self.push(frames.MessageFrame(shape, ref))
        if shape["conversation"] != str(self.conversation) or not (reply := shape["reply"]):
            return
        # A quick reply may be over before its question is told of here: then its text and end are stored.
        if shape["type"] == "incoming" or reply["state"] in ("queued", "running"):
            self.read_reply(UUID(reply["id"]), 0)

    def read_reply(self, reply: UUID, after: int) -> None:
        if reply not in self.readers and reply not in self.finished and self.conversation is not None:
            self.readers[reply] = self.begin(
                self.guarded(self.forward(self.known(), self.conversation, reply, after), str(reply))
            )

    async def forward(self, principal: Principal, conversation: UUID, reply: UUID, after: int) -> None:
        try:
            async with aclosing(frames_of(principal, conversation, reply, after)) as news:
                async for frame in news:
                    await self.push(frame)
            self.finished.add(reply)
        finally:
            if self.readers.get(reply) is asyncio.current_task():
                del self.readers[reply]

    def known(self) -> Principal:
        if self.principal is None:
            raise NotAllowed
        return self.principal

    async def push(self, frame: frames.ServerFrame) -> None:
        """Send one frame, when the window has room for it. Raises ``TooSlow``."""
        while self.window.full:
            await self.window.room()
        if self.closing:
            return
        body = frames.encode(frame, self.window.n + 1)
        self.window.sent(len(body))
        event: Any = {"type": "websocket.send", "text": body.decode()}
        await self.base_send(event)
