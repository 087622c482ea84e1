"""The few sentences that the built-in provider says of its own, in the languages that it speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chat.text.words import is_cjk

MOST_TOPICS = 6


@dataclass(frozen=True, slots=True)
class Wording:
    """``{}`` takes the topic asked about, or a list of what is known."""

    greeting: str
    thanks: str
    nothing_about: str
    nothing: str
    not_mentioned: str
    topics: str
    quotes: str
    comma: str
    last: str

    def quote(self, text: str) -> str:
        return f"{self.quotes[0]}{text}{self.quotes[1]}"

    def listed(self, parts: Sequence[str]) -> str:
        *most, final = parts
        return f"{self.comma.join(most)}{self.last}{final}" if most else final

    def knows(self, topics: Sequence[str]) -> str:
        """What is known: first what is written in this language."""
        nearest = sorted(topics, key=lambda topic: is_cjk(topic) != (self is CHINESE))
        return self.topics.format(self.listed(list(map(self.quote, nearest[:MOST_TOPICS])))) if topics else ""


ENGLISH = Wording(
    greeting="Hello.",
    thanks="You are welcome.",
    nothing_about="I found nothing about {} in what I know.",
    nothing="I found nothing about that in what I know.",
    not_mentioned="What I found does not mention {}.",
    topics="I can answer questions about {}.",
    quotes="“”",
    comma=", ",
    last=" and ",
)
CHINESE = Wording(
    greeting="你好。",
    thanks="不客氣。",
    nothing_about="我的資料裡找不到與{}有關的內容。",
    nothing="我的資料裡找不到這方面的內容。",
    not_mentioned="找到的資料沒有提到{}。",
    topics="我可以回答這些方面的問題：{}。",
    quotes="「」",
    comma="、",
    last="和",
)
