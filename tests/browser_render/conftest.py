"""A page for the renderer alone; every test gets it fresh."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser_render.workshop import Workshop


@pytest.fixture(scope="package")
def workshop() -> Iterator[Workshop]:
    with Workshop() as running:
        yield running


@pytest.fixture(scope="package")
def profile(workshop: Workshop, chromium: Browser) -> Iterator[BrowserContext]:
    """One for all pages: the renderer keeps nothing, and a new one costs as much as many a test."""
    context = chromium.new_context(base_url=workshop.url, permissions=["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture(params=["strict"])
def page(request: pytest.FixtureRequest, profile: BrowserContext) -> Iterator[Page]:
    """``request.param`` is ``strict`` (the application's policy, unbroken) or ``bare`` (no policy)."""
    page = profile.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"/{request.param}")
    page.wait_for_function("window.workshop")
    yield page
    page.close()
    assert request.param == "bare" or not faults, faults
