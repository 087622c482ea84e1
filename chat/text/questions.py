"""What kind of thing a person wrote: a greeting, a question that leans on the one before, a "how do I"."""

from __future__ import annotations

import re

from chat.text.stopwords import CHINESE
from chat.text.words import concepts, counts, is_cjk

_LEANS = re.compile(
    r"""
    ^\s*(?: and | but | so | or | then | also | ok(?:ay)? | (?: what | how ) \s+ (?: about | if )
          | tell \s+ me \s+ more | go \s+ on | for \s+ example ) \b
    | \b (?: it | its | this | that | these | those | they | them | there | one | ones | he | she | him | her
          | instead | else | other | another | same | both ) \b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LEANS_CJK = re.compile(
    r"""
    ^(?: 那 | 然後 | 然后 | 還有 | 还有 | 所以 | 但 | 可是 | 為什麼 | 为什么 | 為何 | 怎麼 | 怎么 | 如果 )
    | [它這这那此] | 呢[？?]?\s*$ | 多久 | 上述 | 前者 | 後者 | 其他 | 另外
    """,
    re.VERBOSE,
)
_HOW = re.compile(
    r"""
    \b how \s+ (?: do | does | can | could | should | would | must | to ) \b
    | \b what \s+ (?: do | should | must ) \s+ (?: i | we ) \s+ do \b
    | \b steps? \b | \b set \s? up \b | \b install
    | 如何 | 怎麼 | 怎么 | 怎樣 | 怎样 | 步驟 | 步骤 | 要怎
    """,
    re.IGNORECASE | re.VERBOSE,
)
_AFTERWARDS = r"[\s,.!~！。，～]*"
_GREETING = re.compile(
    rf"""
    ^\s*(?: hi | hiya | hello | hey | howdy | greetings | good \s (?: morning | afternoon | evening | day )
          | 你好 | 您好 | 妳好 | 哈囉 | 哈啰 | 嗨 | 早安 | 午安 | 晚安 | 早上好 )
    (?: \s+ (?: there | again | everyone | all ) )? {_AFTERWARDS}$
    """,
    re.IGNORECASE | re.VERBOSE,
)
_THANKS = re.compile(
    rf"""
    ^\s*(?: ok(?:ay)? [,.]? \s+ )?
    (?: thanks | thank \s you | thx | cheers | great | perfect | 謝謝 | 谢谢 | 感謝 | 多謝 | 太好了 )
    (?: \s+ (?: a \s lot | so \s much | very \s much | you ) )* (?: 你 | 您 )? {_AFTERWARDS}$
    """,
    re.IGNORECASE | re.VERBOSE,
)

_WORD = re.compile(r"[^\s?!,;:()\"“”]+")
_CJK_PART = re.compile("|".join(map(re.escape, CHINESE)) + r"|[\s]*[？?！!，,。；;：:、][\s]*")
#: "Who won …", "How tall is …": what follows such a word at once is not yet the topic.
_BEFORE_PREDICATE = frozenset({"who", "how"})

#: In words that mean something, and in words of any kind.
_SHORT, _FEW = 3, 2
_LONGEST_TOPIC = 60
#: In characters.
_EACH_END = 2000


def gist(message: str) -> str:
    """A long message by its beginning and its end, where people put what they ask."""
    if len(message) <= 2 * _EACH_END:
        return message
    return f"{message[:_EACH_END]}\n\n{message[-_EACH_END:]}"


def is_greeting(text: str) -> bool:
    return bool(_GREETING.match(text))


def is_thanks(text: str) -> bool:
    return bool(_THANKS.match(text))


def asks_how(text: str) -> bool:
    """Whether steps and code answer it better than a sentence."""
    return bool(_HOW.search(text))


def leans_on_earlier(question: str) -> bool:
    """Whether the question says too little by itself: a word or two, or short and about "it"."""
    weight = sum(one.weight for one in concepts(question))
    if is_cjk(question):
        return weight < 1 or (weight <= _SHORT and bool(_LEANS_CJK.search(question)))
    few_words = len(_WORD.findall(question)) <= _FEW
    return weight == 0 or few_words or (weight <= _SHORT and bool(_LEANS.search(question)))


def topic(question: str) -> str:
    """What the question is about, in its own words; empty if that cannot be said shortly."""
    found = _cjk_topic(question) if is_cjk(question) else _latin_topic(question)
    return found if len(found) <= _LONGEST_TOPIC else ""


def _cjk_topic(question: str) -> str:
    return max((part.strip() for part in _CJK_PART.split(question)), key=len, default="")


def _latin_topic(question: str) -> str:
    words = [word.strip(".'’") for word in _WORD.findall(question)]
    telling = [at for at, word in enumerate(words) if counts(word.casefold())]
    if len(telling) > 1 and telling[0] == 1 and words[0].casefold() in _BEFORE_PREDICATE:
        telling = telling[1:]
    return " ".join(words[telling[0] : telling[-1] + 1]) if telling else ""
