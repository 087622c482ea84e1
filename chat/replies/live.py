"""A reply while it runs: its text so far, and how it is going to end."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from chat.completions.deltas import UpstreamCitations
from chat.models import ReplyState
from chat.replies.records import Claim, Outcome, Partial


class Live:
    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.began = time.monotonic()
        self.first_text_seconds: float | None = None
        self.id: UUID = claim.reply
        self.pump: asyncio.Task[None] | None = None
        self.seq = 0
        self.dirty = False
        self.reasoning: list[str] = []
        self.usage: dict[str, int] | None = None
        self.finish_reason = ""
        self.upstream_conversation = ""
        #: What the endpoint cited of its own documents.
        self.cited = UpstreamCitations([], [])
        self._parts: list[str] = []
        self._state: ReplyState | None = None
        self._error_code = ""
        self._error_detail = ""
        self._retry_at: datetime | None = None
        self._first_token_at: datetime | None = None
        self._closed_at: datetime | None = None

    def append(self, text: str, seq: int) -> None:
        if self._first_token_at is None:
            self._first_token_at = timezone.now()
            self.first_text_seconds = self.seconds
        self._parts.append(text)
        self.seq = seq
        self.dirty = True

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began

    @property
    def length(self) -> int:
        """The number of code points so far; may be asked from any thread."""
        return sum(map(len, tuple(self._parts)))

    def text(self) -> str:
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    def partial(self) -> Partial:
        self.dirty = False
        return Partial(self.id, self.claim.fence, self.seq, self.text())

    def fail(self, code: str, detail: str = "", *, retry_after: float | None = None) -> None:
        """``retry_after``: the seconds after which the endpoint wants to be asked again."""
        if self._state is None:
            self._state, self._error_code, self._error_detail = ReplyState.FAILED, code, detail
            self._retry_at = timezone.now() + timedelta(seconds=retry_after) if retry_after else None

    def cancel(self, state: ReplyState, code: str = "") -> None:
        """End it from outside; the first reason counts. A reply that has come to its end is left alone."""
        if self._state is None and not self.finish_reason and self.pump is not None:
            self._state, self._error_code = state, code
            self.pump.cancel()

    def closed(self) -> None:
        self._closed_at = timezone.now()

    def outcome(
        self, text: str, *, citations: list[dict[str, Any]], citation_nodes: list[dict[str, Any]]
    ) -> Outcome:
        return Outcome(
            state=self._state or ReplyState.COMPLETE,
            text=text,
            seq=self.seq,
            reasoning="".join(self.reasoning),
            error_code=self._error_code,
            error_detail=self._error_detail,
            retry_at=self._retry_at,
            finish_reason=self.finish_reason,
            upstream_conversation=self.upstream_conversation,
            usage=self.usage,
            citations=citations,
            citation_nodes=citation_nodes,
            first_token_at=self._first_token_at,
            upstream_closed_at=self._closed_at,
        )
