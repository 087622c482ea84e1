"""The product's own proxy files, run by real proxies: nginx and Caddy.

What a site owner changes in them is changed here too (addresses, names, certificates), and nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import ClientConnection, connect

from tests.harness.server import ROOT, Server, free_port
from tests.harness.tab import Tab
from tests.services import running

FILES = ROOT / "config" / "proxy"
#: Where Debian keeps it, which is not on everybody's path.
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
CADDY = shutil.which("caddy")


@cache
def trusting() -> ssl.SSLContext:
    """For clients of the proxies' certificates, which nobody has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass(frozen=True)
class Proxy:
    """An address with TLS before the servers at these ports; ``run`` starts it."""

    folder: Path
    port: int
    start: Callable[[Proxy, Sequence[int]], list[str]]

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.port}"

    @contextmanager
    def run(self, upstreams: Sequence[int]) -> Iterator[None]:
        self.folder.mkdir(exist_ok=True)
        command = self.start(self, upstreams)
        with running(command, self.folder / "proxy.log", lambda: answers(self.port)):
            yield

    @property
    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))


def answers(port: int) -> bool:
    """Whether there is a certificate already: Caddy makes its own while it listens."""
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=3) as probe,
            trusting().wrap_socket(probe, server_hostname="localhost"),
        ):
            return True
    except OSError:
        return False


def nginx(proxy: Proxy, upstreams: Sequence[int]) -> list[str]:
    certificate(proxy.folder)
    site = (FILES / "nginx.conf").read_text()
    servers = "\n".join(f"    server 127.0.0.1:{port} max_fails=0;" for port in upstreams)
    for pattern, replacement in (
        (r"    server 127\.0\.0\.1:8000 [^\n]*", servers),
        (r"listen 80;", f"listen 127.0.0.1:{free_port()};"),
        (r"listen 443", f"listen 127.0.0.1:{proxy.port}"),
        (r"server_name chat\.example\.com", "server_name localhost"),
        (r"/etc/letsencrypt/live/chat\.example\.com", str(proxy.folder)),
        (r"/var/log/nginx", str(proxy.folder)),
    ):
        site, changes = re.subn(pattern, replacement, site)
        assert changes, f"nginx.conf has no {pattern}"
    (proxy.folder / "site.conf").write_text(site)
    main = proxy.folder / "nginx.conf"
    paths = "".join(
        f"  {kind}_temp_path {proxy.folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''}\ndaemon off;\npid {proxy.folder}/pid;\n"
        "error_log stderr info;\nevents { worker_connections 4096; }\nworker_rlimit_nofile 9000;\n"
        f"http {{\n  access_log off;\n{paths}  include {proxy.folder}/site.conf;\n}}\n"
    )
    return [NGINX, "-p", str(proxy.folder), "-c", str(main)]


def caddy(proxy: Proxy, upstreams: Sequence[int]) -> list[str]:
    return _caddy(proxy, "to " + " ".join(f"127.0.0.1:{port}" for port in upstreams))


def caddy_in_compose(proxy: Proxy, upstreams: Sequence[int]) -> list[str]:
    """With the value that compose.yaml gives it: a name to look up, of which here there is one address."""
    caddy_there = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["caddy"]
    value = caddy_there["environment"]["PARLEY_UPSTREAMS"]
    for pattern, replacement in ((r"name web\b", "name localhost"), (r"port 8000\b", f"port {upstreams[0]}")):
        value, changes = re.subn(pattern, replacement, value)
        assert changes, f"PARLEY_UPSTREAMS has no {pattern}"
    return _caddy(proxy, value)


def _caddy(proxy: Proxy, upstreams: str) -> list[str]:
    assert CADDY
    text = (FILES / "Caddyfile").read_text()
    own = f"\n{{\n\tadmin off\n\tskip_install_trust\n\thttp_port {free_port()}\n\thttps_port {proxy.port}\n"
    text = text.replace("\n{\n", f"{own}\tstorage file_system {proxy.folder}/storage\n", 1)
    text = re.sub(r"(\{\$PUBLIC_URL:\S+ \{\n)", r"\1\tbind 127.0.0.1\n", text)
    assert "admin off" in text
    assert "bind" in text
    file = proxy.folder / "Caddyfile"
    file.write_text(text)
    variables = (f"PUBLIC_URL={proxy.origin}", f"PARLEY_UPSTREAMS={upstreams}", f"HOME={proxy.folder}")
    return ["/usr/bin/env", *variables, CADDY, "run", "--adapter", "caddyfile", "--config", str(file)]


KINDS = {"nginx": nginx, "caddy": caddy, "caddy in compose": caddy_in_compose}


def complaints(kind: str, folder: Path) -> str:
    """What the proxy itself says against the file; empty when it takes it."""
    proxy = Proxy(folder, free_port(), KINDS[kind])
    command = proxy.start(proxy, [8000, 8001])
    checked = (
        [*command, "-t", "-q"]
        if kind == "nginx"
        else [word if word != "run" else "validate" for word in command]
    )
    done = subprocess.run(checked, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode or "[warn]" in done.stderr else ""


def certificate(folder: Path) -> None:
    """``fullchain.pem`` and ``privkey.pem``, for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


class ProxiedTab(Tab):
    """A tab whose page came through the proxy."""

    def __init__(self, server: Server, name: str, proxy: Proxy) -> None:
        super().__init__(server, name)
        self.proxy = proxy

    async def dial(self, origin: str | None) -> ClientConnection:
        return await connect(
            f"wss://localhost:{self.proxy.port}/ws/chat/",
            origin=origin or self.proxy.origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"sessionid={self.session}"},
            ssl=trusting(),
            open_timeout=60,
            ping_interval=None,
            max_size=None,
        )
