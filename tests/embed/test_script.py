"""The script that sites load, as it is served and as it was built."""

from __future__ import annotations

import gzip
import hashlib
import json
import re

import pytest
from django.test import Client, SimpleTestCase

from chat.embed.loader import FILE
from tests.harness.server import ROOT

ADDRESS = "/js/embed.min.js"
VENDOR = ROOT / "static" / "vendor"
BUILT = ROOT / FILE
#: What it is made of: all of its own folder, and its half of the protocol.
SOURCES = {
    f"../{path.relative_to(ROOT / 'static')}"
    for pattern in ("embed/*.js", "embed/*.css", "chat/embed/protocol.js")
    for path in (ROOT / "static").glob(pattern)
    if path != BUILT
}


class ServedTests(SimpleTestCase):
    def test_it_is_one_script_for_every_site(self) -> None:
        answer = Client().get(ADDRESS)
        self.assertEqual(answer.content, BUILT.read_bytes())
        self.assertEqual(answer.headers["Content-Type"], "text/javascript; charset=utf-8")
        self.assertEqual(answer.headers["Cache-Control"], "public, max-age=300")
        self.assertEqual(answer.headers["Cross-Origin-Resource-Policy"], "cross-origin")
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(Client().post(ADDRESS).status_code, 405)

    def test_it_is_the_same_for_everybody_so_that_caches_keep_one(self) -> None:
        client = Client()
        client.cookies["sessionid"] = "somebody"
        answer = client.get(ADDRESS, headers={"Accept-Language": "zh-TW"})
        self.assertEqual(list(answer.cookies), [])
        self.assertNotIn("Content-Language", answer.headers)
        self.assertEqual(answer.headers["Vary"], "Accept-Encoding")
        self.assertEqual(answer.content, BUILT.read_bytes())

    def test_it_comes_compressed_as_the_browser_can_read_it(self) -> None:
        for accepted, encoding in (
            ("gzip, deflate, br", "br"),
            ("gzip, br;q=0", "gzip"),
            ("gzip", "gzip"),
            ("identity", None),
            ("gzip;q=0", None),
        ):
            answer = Client().get(ADDRESS, headers={"Accept-Encoding": accepted})
            self.assertEqual(answer.headers.get("Content-Encoding"), encoding, accepted)
            self.assertEqual(answer.headers["Vary"], "Accept-Encoding")
            self.assertEqual(int(answer.headers["Content-Length"]), len(answer.content))
            if encoding == "gzip":
                self.assertEqual(gzip.decompress(answer.content), BUILT.read_bytes())

    def test_it_is_not_sent_again_to_who_has_it(self) -> None:
        for accepted in ("br", "gzip", ""):
            headers = {"Accept-Encoding": accepted}
            tag = Client().get(ADDRESS, headers=headers).headers["ETag"]
            again = Client().get(ADDRESS, headers={**headers, "If-None-Match": f'"other", W/{tag}'})
            self.assertEqual((again.status_code, again.content), (304, b""))
            self.assertEqual(again.headers["ETag"], tag)
            other = Client().get(ADDRESS, headers={**headers, "If-None-Match": '"other"'})
            self.assertEqual(other.status_code, 200)

    def test_it_is_smaller_than_8_kilobytes(self) -> None:
        self.assertLess(len(Client().get(ADDRESS, headers={"Accept-Encoding": "gzip"}).content), 8192)


def test_it_was_built_of_the_sources_that_are_here() -> None:
    made_of = hashlib.sha256()
    for name in sorted(SOURCES):
        made_of.update((VENDOR / name).read_bytes())
    named = re.match(r"/\*! Parley, Apache-2\.0, made of ([0-9a-f]{16}) \*/", BUILT.read_text())
    assert named, "no banner"
    assert named[1] == made_of.hexdigest()[:16], "cd static/vendor && npm run loader"


def test_the_build_is_pinned_and_has_a_name() -> None:
    package = json.loads((VENDOR / "package.json").read_text())
    assert package["scripts"]["loader"] == "node loader.mjs"
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["devDependencies"]["esbuild"])


@pytest.mark.parametrize(
    "forbidden", [r"\beval\(", r"new Function", r"innerHTML", r"document\.write", r"\bstyle="]
)
def test_it_does_nothing_that_a_strict_site_forbids(forbidden: str) -> None:
    assert not re.search(forbidden, BUILT.read_text())
