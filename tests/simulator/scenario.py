"""What one request asks for: ``sim:key=value,flag,…`` in the model's name or in the newest message.

tokens, seed, rate     how long, which text, tokens a second (0: as fast as the client reads)
echo, stamp            answer with the message itself; with the monotonic time of each token (to measure lag)
dialect                openai, ollama, vllm, llamacpp, litellm, openrouter; where a chatbot of MaiAgent is
                       asked: maiagent, maiagent-v2, maiagent-v3, maiagent-v4
reasoning, think       that many tokens of thought first, as a field or as ``<think>…</think>``
pause                  seconds of silence before the first token, after the headers
chunk                  bytes in a chunk, whatever an event's length
no_stream_options      answers 400 to ``stream_options``, as older servers do
fault, after, times    what goes wrong, after how many tokens, for how many requests (0: always)
every                  seconds between the bytes of a drip or between keep-alives
retry_after            the header of a 429 or 503 (``_``: a space); date+3: three seconds from now
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Any

WORD = re.compile(r"sim:([A-Za-z0-9_=,.:+-]+)")


@dataclass(frozen=True, slots=True)
class Scenario:
    tokens: int = 50
    seed: int = 0
    rate: float = 0.0
    echo: bool = False
    stamp: bool = False
    dialect: str = "openai"
    reasoning: int = 0
    think: int = 0
    pause: float = 0.0
    chunk: int = 0
    no_stream_options: bool = False
    fault: str = ""
    after: int = 10
    times: int = 0
    every: float = 0.1
    retry_after: str = ""


KINDS = {field.name: str(field.type) for field in fields(Scenario)}
ALIASES = {"noStreamOptions": "no_stream_options"}


def _option(word: str) -> tuple[str, Any]:
    name, _, value = word.partition("=")
    name = ALIASES.get(name, name)
    match KINDS.get(name):
        case "int":
            return name, int(value or 10)
        case "float":
            return name, float(value or 1)
        case "bool":
            return name, True
        case "str":
            return name, value
        case _:  # a bare word is a fault: ``sim:hang``
            return "fault", name


def read_scenario(model: str, message: str) -> Scenario:
    """The model's options, then the message's own."""
    scenario = Scenario()
    for text in (model, message):
        for found in WORD.findall(text):
            scenario = replace(scenario, **dict(map(_option, found.rstrip(".").split(","))))
    return scenario
