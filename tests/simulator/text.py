"""Deterministic answers: Markdown, code, tables and Chinese, cut into pieces as a tokenizer would."""

from __future__ import annotations

import random
import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCKS = (
    "## How the answer is built\n\n",
    "The server keeps every reply while it is written, so a reader who comes late misses nothing.\n\n",
    "A **short** sentence, then one with `inline code` and a [link](https://example.com/docs?q=1).\n\n",
    "- first point\n- second point with *emphasis*\n- third point\n\n",
    "1. Install it\n2. Start it\n3. Open the page\n\n",
    '```python\ndef greet(name: str) -> str:\n    return f"Hello, {name} <b>&amp;</b>"\n```\n\n',
    "```sql\nSELECT id, title FROM chat_conversation WHERE updated_at > '2026-01-01' ORDER BY id;\n```\n\n",
    "| item | count | price |\n| --- | ---: | ---: |\n| apple | 3 | 1.20 |\n| pear | 12 | 0.95 |\n\n",
    "> A quotation that goes on for a while, as quotations do.\n\n",
    "聊天室會把每一則回覆保存下來，重新整理頁面也不會遺失。\n\n",
    "設定檔只有一個，所有差異都寫在環境變數裡；詳見《安裝說明》。\n\n",
    "Mass and energy: $E = mc^2$, and 😀 👩‍👩‍👧 counts as one.\n\n",
    "Nothing here is random to the reader; the seed alone decides which sentence follows which.\n\n",
)
PIECE = re.compile(r"\s*(?:[\u4e00-\u9fff]{1,2}|[A-Za-z0-9_]{1,8}|[^\sA-Za-z0-9_\u4e00-\u9fff])|\s+")
PIECES = tuple(tuple(PIECE.findall(block)) for block in BLOCKS)


def endless(seed: int) -> Iterator[str]:
    """The pieces of the answer to ``seed``, without end."""
    rng = random.Random(seed)
    while True:
        yield from rng.choice(PIECES)


@lru_cache(maxsize=2048)
def pieces(tokens: int, seed: int) -> tuple[str, ...]:
    return tuple(islice(endless(seed), tokens))


def expected_text(tokens: int, seed: int = 0) -> str:
    """What ``sim:tokens=…,seed=…`` answers, character by character."""
    return "".join(pieces(tokens, seed))
