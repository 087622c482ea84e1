"""A page for the renderer alone; every test gets it fresh."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser_render.workshop import Workshop


@pytest.fixture(scope="package")
def workshop() -> Iterator[Workshop]:
    with Workshop() as running:
        yield running


@pytest.fixture(params=["strict"])
def page(request: pytest.FixtureRequest, workshop: Workshop, chromium: Browser) -> Iterator[Page]:
    """``request.param`` is ``strict`` (the application's policy, unbroken) or ``bare`` (no policy)."""
    context = chromium.new_context(base_url=workshop.url, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"/{request.param}")
    page.wait_for_function("window.workshop")
    yield page
    context.close()
    assert request.param == "bare" or not faults, faults
