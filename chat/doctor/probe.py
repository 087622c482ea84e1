"""The doctor's questions to the server that answers under ``PUBLIC_URL``, and how that one knows them.

Who asks signs a nonce with the secret key, for half a minute; to anybody else the address does not exist.
The answer proves with the same key that it is this installation's own. Question and proof have salts of
their own, so neither of them is a signature that counts anywhere else, and nobody without the key can have
anything signed.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass

import orjson
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

HEADER = "X-Parley-Probe"
SECONDS = 30
COMMENTS, PAUSE = 5, 0.2
_SALT, _PROOF_SALT = "chat.doctor.probe", "chat.doctor.proof"


@dataclass(frozen=True, slots=True)
class Question:
    """``silence``: for how many seconds the answer pauses before its last line."""

    nonce: str
    silence: float = 0


@dataclass(frozen=True, slots=True)
class Witness:
    """What the server saw of the request."""

    proof: str
    path: str
    prefix: str
    host: str
    secure: bool
    forwarded_proto: str
    forwarded_for: str


def new_question(*, silence: float = 0) -> Question:
    return Question(secrets.token_urlsafe(16), silence)


def signed(question: Question) -> str:
    return signing.dumps(asdict(question), salt=_SALT)


def read_question(token: str) -> Question | None:
    """The question, if it was signed with this installation's key a moment ago."""
    try:
        return Question(**signing.loads(token, salt=_SALT, max_age=SECONDS))
    except signing.BadSignature:
        return None


def proof_for(question: Question) -> str:
    return salted_hmac(_PROOF_SALT, question.nonce, algorithm="sha256").hexdigest()


def proves(question: Question, witness: Witness) -> bool:
    return constant_time_compare(witness.proof, proof_for(question))


def comment(witness: Witness) -> bytes:
    """As a comment of an event stream."""
    return b": " + orjson.dumps(witness) + b"\n\n"


def read_comment(line: bytes) -> Witness | None:
    """``None`` for any other line."""
    try:
        return Witness(**orjson.loads(line.removeprefix(b": ")))
    except (ValueError, TypeError):
        return None
