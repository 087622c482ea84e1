"""The events that real servers send, as bytes: each dialect differs in what surrounds the text."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from tests.simulator import maiagent

DONE = b"data: [DONE]\n\n"
ENVELOPE: dict[str, dict[str, Any]] = {
    "openai": {"service_tier": "default", "system_fingerprint": "fp_50cad350e4", "usage": None},
    "ollama": {"system_fingerprint": "fp_ollama"},
    "vllm": {},
    "llamacpp": {"system_fingerprint": "b6123-79c1160b"},
    "litellm": {},
    "openrouter": {"provider": "OpenAI"},
}
CHOICE: dict[str, dict[str, Any]] = {
    "openai": {"logprobs": None},
    "vllm": {"logprobs": None, "stop_reason": None},
    "openrouter": {"native_finish_reason": None, "logprobs": None},
}
DELTA: dict[str, dict[str, Any]] = {
    "ollama": {"role": "assistant"},
    "litellm": {"provider_specific_fields": None, "refusal": None, "role": None, "tool_calls": None},
    "openrouter": {"role": "assistant"},
}
ROLE: dict[str, dict[str, Any] | None] = {
    "openai": {"role": "assistant", "content": "", "refusal": None},
    "vllm": {"role": "assistant", "content": ""},
    "llamacpp": {"role": "assistant", "content": None},
    "litellm": {"role": "assistant", "content": ""},
}
REASONING = {"ollama": "reasoning", "openrouter": "reasoning"}


def event(payload: Any) -> bytes:
    return b"data: " + orjson.dumps(payload) + b"\n\n"


def _chunk(dialect: str, delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish} | CHOICE.get(dialect, {})
    return event(_envelope(dialect) | {"choices": [choice]} | more)


def _envelope(dialect: str) -> dict[str, Any]:
    head = {"id": "chatcmpl-sim", "object": "chat.completion.chunk", "created": 1790000000, "model": "sim"}
    return head | ENVELOPE[dialect]


def opening(dialect: str) -> bytes:
    """What comes before the first piece of text."""
    if maiagent.speaks(dialect):
        return b""
    before = b": OPENROUTER PROCESSING\n\n" * 2 if dialect == "openrouter" else b""
    role = ROLE.get(dialect)
    return before + (_chunk(dialect, role) if role is not None else b"")


@lru_cache(maxsize=4096)
def content(dialect: str, piece: str) -> bytes:
    if maiagent.speaks(dialect):
        return maiagent.content(dialect, piece)
    return _chunk(dialect, DELTA.get(dialect, {}) | {"content": piece})


@lru_cache(maxsize=4096)
def reasoning(dialect: str, piece: str) -> bytes:
    return _chunk(dialect, DELTA.get(dialect, {}) | {REASONING.get(dialect, "reasoning_content"): piece})


def closing(dialect: str, tokens: int, *, usage: bool) -> bytes:
    """The end as the dialect says it: a reason, the usage when it was asked for, and ``[DONE]``."""
    if maiagent.speaks(dialect):
        return maiagent.closing(dialect)
    last: dict[str, Any] = {"role": "assistant", "content": ""} if dialect in ("ollama", "openrouter") else {}
    timings = {"timings": {"prompt_n": 7, "predicted_n": tokens}} if dialect == "llamacpp" else {}
    body = _chunk(dialect, last, "stop", **timings)
    if usage:
        counted = {"prompt_tokens": 7, "completion_tokens": tokens, "total_tokens": 7 + tokens}
        if dialect == "openrouter":
            body += _chunk(dialect, last, usage=counted | {"cost": 0.00042})
        else:
            body += event(_envelope(dialect) | {"choices": [], "usage": counted} | timings)
    return body + DONE
