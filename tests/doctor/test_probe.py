"""The doctor's own address on the server is there for nobody else."""

from __future__ import annotations

import time
import urllib.request
from dataclasses import asdict

import pytest
from django.core import signing
from django.test import Client, override_settings

from chat.doctor import probe
from tests.harness.server import SECRET_KEY, Server


def ask(token: str | None) -> int:
    return Client(headers={probe.HEADER: token} if token is not None else None).get("/api/probe").status_code


@pytest.mark.parametrize("token", [None, "", "guessed", "e30:1tXy8z:c2lnbmF0dXJl", "\x00"])
def test_who_shows_no_question_finds_nothing(token: str | None) -> None:
    assert ask(token) == 404


def test_a_signature_that_was_made_for_something_else_does_not_count() -> None:
    assert ask(signing.dumps(asdict(probe.new_question()))) == 404


def test_another_installations_question_is_not_answered() -> None:
    with override_settings(SECRET_KEY=SECRET_KEY[::-1]):
        token = probe.signed(probe.new_question())
    assert ask(token) == 404


def test_a_question_is_forgotten_after_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    token = probe.signed(probe.new_question())
    asked_at = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: asked_at + probe.SECONDS + 2)
    assert ask(token) == 404


def test_the_proof_is_no_signature_that_counts_elsewhere() -> None:
    question = probe.new_question()
    proof = probe.proof_for(question)
    assert proof not in probe.signed(question)
    with pytest.raises(signing.BadSignature):
        signing.Signer().unsign(f"{question.nonce}:{proof}")


def test_a_question_is_answered_with_what_the_server_saw(server: Server) -> None:
    question = probe.new_question()
    request = urllib.request.Request(
        f"{server.origin}/api/probe",
        headers={probe.HEADER: probe.signed(question), "X-Forwarded-For": "203.0.113.9"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        witness = probe.read_comment(answer.readline())
    assert witness
    assert probe.proves(question, witness)
    assert (witness.path, witness.prefix, witness.forwarded_for) == ("/api/probe", "", "203.0.113.9")
