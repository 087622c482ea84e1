"""What stands between people and the server, each of its usual faults at a time."""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import override_settings

from tests.doctor import examining
from tests.doctor.examining import Report
from tests.doctor.proxy import Proxy
from tests.harness.server import SECRET_KEY, Server, free_port
from tests.simulator import SimulatorProcess

Certificate = tuple[Path, Path]


@dataclass(frozen=True)
class Proxied:
    """A server that people reach through another port. With DEBUG nobody has to collect its static files."""

    server: Server
    port: int

    @property
    def origin(self) -> str:
        return self.server.variables["PUBLIC_URL"]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    with Server(tmp_path_factory.mktemp("data"), PUBLIC_URL=public, DEBUG="true") as server:
        yield Proxied(server, port)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """For 127.0.0.1, valid for ten more days; nobody trusts it unless told to."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=10, hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    files = (folder / "certificate.pem", folder / "key.pem")
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[Proxied]:
    """The same with TLS in front."""
    port = free_port()
    variables = {"PUBLIC_URL": f"https://127.0.0.1:{port}", "SSL_CERT_FILE": str(certificate[0])}
    with Server(tmp_path_factory.mktemp("data"), **variables, DEBUG="true") as server:
        yield Proxied(server, port)


def examined(*options: str, **settings: object) -> Report:
    """In this process, which has the servers' secret key."""
    with override_settings(SECRET_KEY=SECRET_KEY, **settings):
        return examining.examined("--only", "public", *options)


def test_a_good_proxy_is_ok(proxied: Proxied) -> None:
    with Proxy(proxied.server.port, proxied.port):
        report = examined(PUBLIC_ORIGINS=[proxied.origin])
    assert (report.troubles, report.status) == ({}, 0)
    assert str(proxied.port) in report["public.reachable"]["detail"]


def test_a_proxy_that_buffers_is_wrong(proxied: Proxied) -> None:
    with Proxy(proxied.server.port, proxied.port, buffers=True):
        report = examined(PUBLIC_ORIGINS=[proxied.origin])
    assert (report.troubles, report.status) == ({"public.streaming": "wrong"}, 1)
    assert "proxy_buffering off" in report["public.streaming"]["advice"]


def test_a_proxy_that_opens_no_sockets_is_wrong(proxied: Proxied) -> None:
    with Proxy(proxied.server.port, proxied.port, upgrades=False):
        report = examined(PUBLIC_ORIGINS=[proxied.origin])
    assert report.troubles == {"public.socket": "wrong"}
    assert "proxy_set_header Upgrade" in report["public.socket"]["advice"]


def test_a_proxy_that_lets_in_nothing_large_is_warned_of(proxied: Proxied) -> None:
    with Proxy(proxied.server.port, proxied.port, limit=1_000_000):
        report = examined(PUBLIC_ORIGINS=[proxied.origin])
    assert (report.troubles, report.status) == ({"public.body_limit": "warning"}, 0)


@pytest.mark.parametrize(("patience", "found"), [(60, {}), (3, {"public.idle": "wrong"})])
def test_a_proxy_that_cuts_silent_connections_is_found_when_there_is_time(
    proxied: Proxied, patience: float, found: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.doctor.proxy.IDLE_SECONDS", 4.5)
    with Proxy(proxied.server.port, proxied.port, patience=patience):
        report = examined("--slow", PUBLIC_ORIGINS=[proxied.origin])
    assert report.troubles == found


def test_a_public_address_where_nobody_answers_is_wrong(proxied: Proxied) -> None:
    report = examined(PUBLIC_ORIGINS=[proxied.origin], PUBLIC_URL=proxied.origin)
    assert report.troubles == {"public.reachable": "wrong"}
    assert "correct PUBLIC_URL" in report["public.reachable"]["advice"]


def test_a_public_address_of_something_else_is_wrong(simulator: SimulatorProcess) -> None:
    report = examined(PUBLIC_ORIGINS=[simulator.url.removesuffix("/v1")])
    assert report.troubles == {"public.reachable": "wrong"}
    assert "not Parley's answer" in report["public.reachable"]["detail"]


def test_a_public_address_of_another_installation_is_wrong(proxied: Proxied) -> None:
    with Proxy(proxied.server.port, proxied.port):
        report = examining.examined_beside(
            proxied.server.variables | {"SECRET_KEY": SECRET_KEY[::-1]}, "--only", "public"
        )
    assert report.troubles["public.installation"] == "wrong"
    assert "Another installation" in report["public.installation"]["detail"]


def test_tls_with_a_proxy_that_says_so_is_ok(encrypted: Proxied, certificate: Certificate) -> None:
    with Proxy(encrypted.server.port, encrypted.port, tls=certificate):
        report = examining.examined_beside(encrypted.server.variables, "--only", "public")
    assert (report.troubles, report.status) == ({"public.certificate": "warning"}, 0)
    assert "10 more days" in report["public.certificate"]["detail"]
    assert "drops what a client makes up" in report["public.forwarded_proto"]["detail"]


def test_a_proxy_that_passes_on_what_clients_make_up_is_wrong(
    encrypted: Proxied, certificate: Certificate
) -> None:
    with Proxy(encrypted.server.port, encrypted.port, tls=certificate, believes=True):
        report = examining.examined_beside(encrypted.server.variables, "--only", "public")
    assert report.status == 1
    assert report.troubles["public.forwarded_proto"] == report.troubles["public.forwarded_for"] == "wrong"


def test_a_certificate_that_nobody_trusts_is_wrong(encrypted: Proxied, certificate: Certificate) -> None:
    with Proxy(encrypted.server.port, encrypted.port, tls=certificate):
        report = examining.examined_beside(
            encrypted.server.variables | {"SSL_CERT_FILE": os.devnull}, "--only", "public"
        )
    assert report.troubles == {"public.reachable": "wrong"}
    assert "certificate" in report["public.reachable"]["detail"]
