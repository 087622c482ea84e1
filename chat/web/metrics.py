"""``/metrics`` for Prometheus: this process's own numbers, for its own machine and for who has the token."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from chat.jobs.metrics import queue
from chat.metrics import REGISTRY

#: Headers by which a proxy says that it asks for somebody else.
FORWARDING = {"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"}


@csrf_exempt  # or a POST by a stranger would be refused otherwise than at an address that does not exist
async def metrics(request: HttpRequest) -> HttpResponse:
    """For anybody else this address does not exist."""
    if not (is_local(request) or has_token(request)):
        raise Http404
    await queue.refresh()
    return _answer(request)


@require_safe
def _answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        generate_latest(REGISTRY),
        content_type=CONTENT_TYPE_PLAIN_0_0_4,
        headers={"Cache-Control": "no-store"},
    )


def is_local(request: HttpRequest) -> bool:
    """Whether the client itself is on this machine, and not a proxy that asks for somebody else."""
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    names = {name.lower() for name in request.headers}
    forwarded = names & FORWARDING or any(name.startswith("x-forwarded") for name in names)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback and not forwarded


def has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.METRICS_TOKEN
    return bool(expected) and scheme.lower() == "bearer" and constant_time_compare(token.strip(), expected)
