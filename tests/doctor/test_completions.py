"""Each way in which an endpoint is set up wrongly gets its own sentence, and the right field to change."""

from __future__ import annotations

import pytest
from django.core.management import CommandError
from django.test import override_settings

from chat.completions.deadlines import Deadlines
from chat.models import LanguageModel
from tests.doctor.examining import Report, examined
from tests.harness.server import free_port
from tests.harness.web import QuietHandler, answering
from tests.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "sk-only-for-this-test-0123456789"


def enter(name: str, url: str, model: str = "sim") -> None:
    LanguageModel.objects.create(name=name, url=url, model=model, api_key=KEY)


def enter_chatbot(name: str, simulator: SimulatorProcess, chatbot: str, key: str = KEY) -> None:
    LanguageModel.objects.create(
        name=name,
        provider="maiagent",
        url=simulator.url.removesuffix("/v1"),
        chatbot_id=chatbot,
        api_key=key,
    )


def ask(name: str) -> Report:
    return examined("--only", "completions", "--model", name)


def test_a_good_endpoint_is_measured_and_its_reply_stopped(simulator: SimulatorProcess) -> None:
    enter("Good", simulator.url, "sim:tokens=400,rate=50")
    report = ask("Good")
    assert (report.status, report.troubles) == (0, {})
    assert "tokens a second" in report.of("Good: speed")["detail"]
    assert "pieces" in report.of("Good: streaming")["detail"]
    assert "after the stop" in report.of("Good: stopping")["detail"]
    record = simulator.request_like("tokens=400,rate=50 Count")
    simulator.wait_until(lambda stats: stats["open"] == 0)
    assert simulator.request_like(record["key"])["closed_early"]
    assert record["events"] < 300


def test_a_reply_that_comes_all_at_once_is_wrong(simulator: SimulatorProcess) -> None:
    enter("Held back", simulator.url, "sim:pause=0.8,tokens=60")
    report = ask("Held back")
    assert report.status == 1
    assert report.troubles == {"completions.streams": "wrong"}
    assert "proxy_buffering off" in report.of("Held back: streaming")["advice"]


def test_a_model_that_is_quick_is_not_taken_for_a_buffer(
    simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.doctor.completions.TOO_QUICK", 10)  # the machine may have much else to do
    enter("Quick", simulator.url, "sim:tokens=60")
    assert ask("Quick").troubles == {}


@pytest.mark.parametrize(
    ("model", "said", "advice"),
    [
        ("sim:fault=401", "refuses the key", "key of the language model Asked"),
        ("sim:fault=404", "does not know the model", "such as: sim"),
        ("sim:fault=error200", "does not know the model", "such as: sim"),
        ("sim:fault=html200", "an HTML page", "not that of its web page"),
        ("sim:fault=empty200", "no completions endpoint", "often /v1"),
        ("sim:fault=500", "error of its own (500)", "own log"),
        ("sim:fault=429,retry_after=99", "too many requests", "credit"),
        ("sim:fault=cut_chunked,after=3", "broke off (upstream_cut)", "time-outs"),
    ],
)
def test_each_fault_has_its_sentence(simulator: SimulatorProcess, model: str, said: str, advice: str) -> None:
    enter("Asked", simulator.url, model)
    report = ask("Asked")
    found = report.of("Asked")
    assert (report.status, found["level"]) == (1, "wrong")
    assert said in found["detail"]
    assert advice in found["advice"]
    assert KEY not in report.text
    assert "sk-secret" not in report.text


@pytest.mark.parametrize(
    ("url", "said", "advice"),
    [
        ("", "no address", "http://127.0.0.1:11434/v1"),
        ("127.0.0.1:11434/v1", "no address", "the address of the language model Asked"),
        ("http://nowhere.invalid/v1", "host nowhere.invalid is not known", "Correct the address"),
        (f"http://user:{KEY}@127.0.0.1:9/v1", "holds a user name", "Take the user name out"),
        ("http://127.0.0.1:9/v1", "refuses the connection", "Start the model server"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_apart(url: str, said: str, advice: str) -> None:
    enter("Asked", url)
    report = ask("Asked")
    assert said in report.of("Asked")["detail"]
    assert advice in report.of("Asked")["advice"]
    assert KEY not in report.text


def test_a_good_chatbot_of_maiagent_is_measured_and_its_reply_stopped(simulator: SimulatorProcess) -> None:
    chatbot = "sim:tokens=400,rate=50,seed=81"
    enter_chatbot("Good", simulator, chatbot)
    report = ask("Good")
    assert (report.status, report.troubles) == (0, {})
    assert f"{chatbot} at {simulator.url.removesuffix('/v1')} answers." in report.of("Good")["detail"]
    assert "after the stop" in report.of("Good: stopping")["detail"]
    simulator.wait_until(lambda stats: stats["open"] == 0)


@pytest.mark.parametrize(
    ("chatbot", "key", "said", "advice"),
    [
        ("", KEY, "No chatbot is named", "Correct the chatbot's id of the language model Asked"),
        ("sim:fault=404", KEY, "does not know the chatbot", "and in the address of the language model"),
        ("sim", "", "wants a key (401)", "Set the key of the language model Asked"),
        ("sim:fault=429,retry_after=99", KEY, "too many requests", "credit"),
        ("sim:fault=500", KEY, "error of its own (500)", "own log"),
        ("sim:fault=html200", KEY, "an HTML page", "not that of its web page"),
    ],
)
def test_each_fault_of_a_chatbot_of_maiagent_has_its_sentence(
    simulator: SimulatorProcess, chatbot: str, key: str, said: str, advice: str
) -> None:
    enter_chatbot("Asked", simulator, chatbot, key)
    report = ask("Asked")
    found = report.of("Asked")
    assert (report.status, found["level"]) == (1, "wrong")
    assert said in found["detail"]
    assert advice in found["advice"]
    assert KEY not in report.text


class WebPages(QuietHandler):
    """A web site: its pages answer where an API was thought to be."""

    def do_POST(self) -> None:
        self.send_error(404 if self.path.startswith("/chat") else 405)

    do_GET = do_POST


def test_a_forgotten_path_is_named() -> None:
    with answering(WebPages) as url:
        enter("Without", url)
        enter("With", f"{url}/openai/v1")
        report = examined("--only", "completions", "--all-models")
    assert "no completions at this path (404)" in report.of("Without")["detail"]
    assert f"{url}/v1" in report.of("Without")["advice"]
    assert "no completions at this path (405)" in report.of("With")["detail"]
    assert "before /chat/completions" in report.of("With")["advice"]


def test_an_endpoint_that_is_silent_is_given_up(
    simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.doctor.completions.DEADLINES", Deadlines(first=0.3))
    enter("Silent", simulator.url, "sim:hang")
    report = ask("Silent")
    assert "nothing came" in report.of("Silent")["detail"]
    simulator.wait_until(lambda stats: stats["open"] == 0)


def test_the_environments_endpoint_is_called_by_its_variables() -> None:
    with override_settings(
        COMPLETIONS_PROVIDER="openai",
        COMPLETIONS_URL=f"http://127.0.0.1:{free_port()}/v1",
        COMPLETIONS_API_KEY=KEY,
        COMPLETIONS_MODEL="llama",
    ):
        report = examined("--only", "completions")
    assert "COMPLETIONS_URL" in report["completions.answers"]["advice"]


def test_without_an_endpoint_the_built_in_provider_is_ok() -> None:
    report = examined("--only", "completions")
    assert (report.status, report.troubles) == (0, {})
    assert "built-in provider" in report["completions.answers"]["detail"]


def test_a_model_that_is_not_there_is_refused() -> None:
    with pytest.raises(CommandError, match="no language model named Nobody"):
        ask("Nobody")
