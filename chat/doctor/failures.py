"""Why an endpoint did not answer, in a sentence, and what to change. Nothing of what it said is shown."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from chat.completions import errors
from chat.completions.errors import UpstreamError
from chat.doctor.endpoints import Configured
from chat.models import Provider

HTTP_STATUS = re.compile(r"HTTP (\d{3}): (.*)", re.DOTALL)
#: What servers answer to the name of a model that they do not have.
BAD_REQUESTS = (400, 404, 422)
#: An address without a path is most often one whose path was forgotten.
PATHS = ("/v1", "/v1beta/openai", "/api/v1", "/openai/v1")


@dataclass(frozen=True, slots=True)
class Reason:
    detail: str
    advice: str


def explained(error: UpstreamError, asked: Configured, offered: Sequence[str]) -> Reason:
    match error:
        case errors.UpstreamUnreachable():
            return unreachable(error, asked)
        case errors.UpstreamBusy():
            return Reason(
                _("The endpoint refuses: too many requests, or the credit is used up (429)."),
                _("Wait, or raise the limit or the credit of the key in %(field)s.")
                % {"field": asked.key_field},
            )
        case errors.UpstreamSlow():
            return Reason(
                _("The endpoint was reached, but nothing came within %(seconds)d s.") % {"seconds": 30},
                _("See whether the model is still being loaded, and whether a proxy holds its answers back."),
            )
        case errors.UpstreamTimeout() | errors.UpstreamCut():
            return Reason(
                _("The reply began and broke off (%(code)s).") % {"code": error.code},
                _("See the endpoint's own log, and raise the time-outs of the proxy in front of it."),
            )
        case errors.UpstreamBadData():
            return no_completion(asked)
    return refused(error, asked, offered)


def no_address(asked: Configured) -> Reason | None:
    """What is wrong with an address that cannot be asked at all."""
    address = urlsplit(asked.endpoint.url)
    named = {"address": asked.address_field, "key": asked.key_field}
    if address.scheme not in ("http", "https") or not address.hostname:
        return Reason(
            _("There is no address to ask."),
            _("Set %(address)s with its path, such as http://127.0.0.1:11434/v1") % named,
        )
    if "@" in address.netloc and asked.endpoint.api_key:
        return Reason(
            _("The address holds a user name, and there is a key besides: only one of them can be sent."),
            _("Take the user name out of %(address)s, or clear %(key)s.") % named,
        )
    return None


def unreachable(error: UpstreamError, asked: Configured) -> Reason:
    host = urlsplit(asked.endpoint.url).netloc.rpartition("@")[2]
    named = {"host": host, "field": asked.address_field}
    kind = error.detail.partition(":")[0]
    if "DNS" in kind:
        return Reason(_("The host %(host)s is not known.") % named, _("Correct %(field)s.") % named)
    if "Certificate" in kind or "SSL" in kind:
        return Reason(
            _("There is no trusted TLS connection to %(host)s.") % named,
            _("Correct %(field)s (http or https?), or add the certificate's issuer to the system's.") % named,
        )
    return Reason(
        _("%(host)s refuses the connection, or does not answer.") % named,
        _(
            "Start the model server, let it listen where this server can reach it (in a container 127.0.0.1 "
            "is the container itself), or correct %(field)s."
        )
        % named,
    )


def refused(error: UpstreamError, asked: Configured, offered: Sequence[str]) -> Reason:
    """By the status that the detail begins with."""
    found = HTTP_STATUS.match(error.detail)
    status, body = (int(found[1]), found[2].lower()) if found else (0, error.detail.lower())
    named = {"status": status}
    if status in (401, 403):
        return Reason(
            _("The endpoint refuses the key (%(status)d).") % named
            if asked.endpoint.api_key
            else _("The endpoint wants a key (%(status)d).") % named,
            _("Set %(field)s to a key of this endpoint.") % {"field": asked.key_field},
        )
    if asked.endpoint.provider == Provider.MAIAGENT and status in BAD_REQUESTS:
        return unknown_chatbot(asked)
    speaks_of_model = "model" in body and "<html" not in body
    unlisted = bool(offered) and not offers(asked, offered)
    if (status in BAD_REQUESTS and unlisted) or (status in (0, *BAD_REQUESTS) and speaks_of_model):
        return unknown_model(asked, offered)
    if status in (404, 405) or 300 <= status < 400:
        return wrong_path(status, asked)
    if not status:
        return no_completion(asked)
    return Reason(
        _("The endpoint reports an error of its own (%(status)d).") % named,
        _("See the endpoint's own log."),
    )


def offers(asked: Configured, offered: Sequence[str]) -> bool:
    """Ollama lists ``name:latest`` for ``name``."""
    return asked.endpoint.model in offered or f"{asked.endpoint.model}:latest" in offered


def unknown_model(asked: Configured, offered: Sequence[str]) -> Reason:
    near = difflib.get_close_matches(asked.endpoint.model, offered, 3, 0) or list(offered[:3])
    named = {"model": asked.endpoint.model, "field": asked.model_field, "names": ", ".join(near)}
    return Reason(
        _("The endpoint does not know the model %(model)s.") % named
        if asked.endpoint.model
        else _("No model is named."),
        _("Set %(field)s to one that it offers, such as: %(names)s") % named
        if near
        else _("Set %(field)s to the name of a model that it has.") % named,
    )


def unknown_chatbot(asked: Configured) -> Reason:
    named = {"chatbot": asked.endpoint.chatbot_id, "id": asked.chatbot_field, "address": asked.address_field}
    return Reason(
        _("The endpoint does not know the chatbot %(chatbot)s.") % named
        if asked.endpoint.chatbot_id
        else _("No chatbot is named."),
        _("Correct %(id)s, and in %(address)s the host.") % named,
    )


def wrong_path(status: int, asked: Configured) -> Reason:
    url = asked.endpoint.url.rstrip("/")
    named = {"status": status, "field": asked.address_field, "url": url}
    advice = (
        _("Correct the path in %(field)s: it is what comes before /chat/completions.") % named
        if url.endswith(PATHS)
        else _("Add the path in %(field)s, such as %(url)s/v1") % named
    )
    return Reason(
        _("The host answers, but there are no completions at this path (%(status)d).") % named, advice
    )


def no_completion(asked: Configured) -> Reason:
    return Reason(
        _("What answers is no completions endpoint: it sends something else, such as an HTML page."),
        _("Set %(field)s to the address of the API with its path (often /v1), not that of its web page.")
        % {"field": asked.address_field},
    )
