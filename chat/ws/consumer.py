"""One browser tab's socket.

The receive loop only counts and hands over: a worker task does what the frames ask for, in order, and each
open reply has a task that follows its log. So a stop is heard while a reply streams, and a slow database
delays nobody's acknowledgements. The socket owns none of the replies: when it goes, they go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import aclosing
from http.cookies import CookieError, SimpleCookie
from typing import Any
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseError

from chat.db import in_database
from chat.exceptions import BadRequest, ChatError, Internal, NotAllowed, StorageBusy, TooLarge
from chat.hints import Hint, conversation_group
from chat.limits import TokenBucket, take_message
from chat.principals import Principal
from chat.replies.engine import engine
from chat.services.messages import MESSAGE_BYTES
from chat.ws import actions, frames
from chat.ws.following import follow
from chat.ws.rights import standing_of_session, watch
from chat.ws.window import TooSlow, Window

logger = logging.getLogger(__name__)

HELLO_SECONDS = 5.0
FRAME_BYTES = 64 * 1024
WAITING_FRAMES = 64
ACK_BYTES, ACK_SECONDS = 32 * 1024, 1

GONE, BAD_HELLO, TOO_SLOW, NOT_NOW, TOO_FAST = 4001, 4003, 4008, 4013, 4029

#: Every open socket of this process, for the drain.
sockets: set[ChatConsumer] = set()


class ChatConsumer(AsyncWebsocketConsumer):
    """Speaks the frames of ``chat.ws.frames``; ``docs/socket.md`` documents them."""

    principal: Principal | None = None
    conversation: UUID | None = None

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels' own dispatch hops to a thread before every event to close old connections. Database work
        # of this consumer goes through ``in_database`` alone, which does that itself.
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def connect(self) -> None:
        self.window = Window()
        self.work: asyncio.Queue[frames.ClientFrame | BadRequest] = asyncio.Queue()
        self.hints: dict[tuple[str, str], Hint] = {}
        self.hinted = asyncio.Event()
        self.frame_rate = TokenBucket(600, 60)
        self.byte_rate = TokenBucket(4 * 1024 * 1024, 256 * 1024)
        self.readers: dict[UUID, asyncio.Task[None]] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        #: Replies of the open conversation that were told of to their end.
        self.finished: set[UUID] = set()
        #: Messages sent here whose hint is still to come: they are shown without it.
        self.told: set[str] = set()
        self.closing = False
        sockets.add(self)
        await self.accept()
        self.begin(self.do_work())
        self.begin(self.do_hints())
        self.late = asyncio.get_running_loop().call_later(
            HELLO_SECONDS, lambda: self.begin(self.end(BAD_HELLO))
        )

    async def disconnect(self, code: int) -> None:
        self.closing = True
        self.late.cancel()
        sockets.discard(self)
        watch.remove(self.lose_standing)
        for task in [*self.readers.values(), *self.tasks]:
            task.cancel()
        if self.principal:
            await self.channel_layer.group_discard(self.principal.group, self.channel_name)
        if self.conversation:
            await self.channel_layer.group_discard(conversation_group(self.conversation), self.channel_name)

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task of this socket, which ends with it."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def end(self, code: int) -> None:
        if not self.closing:
            self.closing = True
            logger.info("socket_closed code=%d", code)
            await self.close(code)

    async def lose_standing(self) -> None:
        await self.end(GONE)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.closing:
            return
        size = len(text_data or bytes_data or "")
        if self.frame_rate.take() or self.byte_rate.take(size) or self.work.qsize() > WAITING_FRAMES:
            await self.end(TOO_FAST)
            return
        try:
            frame = self.read(text_data, size)
        except BadRequest as error:
            self.work.put_nowait(error)
            return
        match frame:
            case frames.Ack():
                self.window.acknowledge(frame.n)
            case frames.Stop() if self.principal:
                stop = actions.whole(actions.stop(self.principal, frame.reply))
                self.begin(self.guarded(stop, str(frame.reply)))
            case _:
                self.work.put_nowait(frame)

    def read(self, text: str | None, size: int) -> frames.ClientFrame:
        if text is None:
            raise BadRequest
        if size > FRAME_BYTES or (
            size > FRAME_BYTES // 4 and len(text.encode(errors="replace")) > FRAME_BYTES
        ):
            raise TooLarge
        return frames.parse(text)

    async def hint(self, event: Hint) -> None:
        """From the channel layer: there is news. News of one thing that wait together are one."""
        self.hints[event["what"], event["id"]] = event
        self.hinted.set()

    async def do_hints(self) -> None:
        while True:
            await self.hinted.wait()
            self.hinted.clear()
            while self.hints:
                await self.guarded(self.on_hint(self.hints.pop(next(iter(self.hints)))), None, quietly=True)

    async def do_work(self) -> None:
        while True:
            item = await self.work.get()
            await self.guarded(self.on_frame(item), frames.reference(item))

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
                await self.show(await actions.whole(actions.retry(self.principal, frame.message)), None)

    async def greet(self, hello: frames.Hello) -> None:
        if self.principal is not None:
            raise BadRequest
        if hello.protocol != frames.PROTOCOL or hello.ticket or hello.token:
            await self.end(BAD_HELLO)
            return
        self.late.cancel()
        try:
            await self.welcome()
        except Exception:
            # Without the database, or the layer, nobody can be greeted: they come again.
            logger.exception("not_greeted")
            await self.end(NOT_NOW)

    async def welcome(self) -> None:
        session = session_key(self.scope)
        standing = await in_database(standing_of_session, session) if session else None
        if standing is None:
            await self.end(GONE)
            return
        self.principal = standing.principal
        watch.add(self.lose_standing, standing)
        await self.channel_layer.group_add(self.principal.group, self.channel_name)
        limits = {
            "messageBytes": MESSAGE_BYTES,
            "frameBytes": FRAME_BYTES,
            "ackBytes": ACK_BYTES,
            "ackSeconds": ACK_SECONDS,
        }
        who = {"kind": self.principal.kind, "id": str(self.principal.id), "name": self.principal.name}
        await self.push(frames.Ready(frames.PROTOCOL, who, limits))

    async def open(self, conversation: UUID, reply: UUID | None, after: int) -> None:
        """Follow a conversation instead of the earlier one: listen first, then look at what is open in it."""
        principal = self.known()
        await in_database(actions.allowed, principal, conversation, reply)
        await self.join(conversation)
        for running in await in_database(actions.open_replies, principal, conversation):
            if running != reply:
                self.read_reply(running, 0)
        if reply is not None:
            self.read_reply(reply, after)

    async def join(self, conversation: UUID) -> None:
        await self.leave()
        self.conversation = conversation
        await self.channel_layer.group_add(conversation_group(conversation), self.channel_name)

    async def leave(self) -> None:
        for task in self.readers.values():
            task.cancel()
        self.readers.clear()
        self.finished.clear()
        self.told.clear()
        if self.conversation is not None:
            await self.channel_layer.group_discard(conversation_group(self.conversation), self.channel_name)
            self.conversation = None

    async def send_message(self, principal: Principal, frame: frames.Send) -> None:
        if not actions.accepting(await engine()):
            raise StorageBusy
        take_message(principal)
        ref = str(frame.id)
        if frame.conversation == self.conversation:
            self.told.add(ref)
        created = False
        try:
            sent = await actions.whole(actions.send(principal, frame))
            created = sent.created
        finally:
            if not created:
                self.told.discard(ref)  # no hint of it will come
        if sent.began:
            await self.join(frame.conversation)
        await self.show(sent.shape, ref)

    async def on_hint(self, hint: Hint) -> None:
        principal = self.known()
        match hint["what"]:
            case "message" if hint["id"] in self.told:
                self.told.remove(hint["id"])
            case "message" if hint["conversation"] == str(self.conversation):
                await self.show(await in_database(actions.message_of, principal, UUID(hint["id"])), None)
            case "conversation":
                await self.push(
                    frames.ConversationFrame(await in_database(actions.row, principal, UUID(hint["id"])))
                )
            case "deleted":
                await self.push(frames.ConversationFrame({"id": hint["id"], "deleted": True}))
                if hint["id"] == str(self.conversation):
                    await self.leave()

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
            async with aclosing(follow(principal, conversation, reply, after)) as news:
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


async def failure_of(work: Coroutine[Any, Any, None], ref: str | None) -> frames.Error | None:
    """Do the work and tell what went wrong. ``TooSlow`` goes through: it is about the socket."""
    try:
        await work
    except TooSlow:
        raise
    except ChatError as error:
        return frames.Error(error.code, str(error.message), ref)
    except DatabaseError:
        logger.exception("storage_busy")
        return frames.Error(StorageBusy.code, str(StorageBusy.default), ref)
    except Exception:
        logger.exception("frame_crashed")
        return frames.Error(Internal.code, str(Internal.default), ref)
    return None


def session_key(scope: Any) -> str | None:
    """The session cookie of the upgrade request."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                cookie = SimpleCookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
            except CookieError:
                return None
            return cookie.value if cookie else None
    return None
