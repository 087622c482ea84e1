"""A page for the renderer alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser_render.workshop import Workshop

#: A page and what went wrong in it.
Tab = tuple[Page, list[str]]


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


@pytest.fixture(scope="module")
def tab(profile: BrowserContext) -> Iterator[Tab]:
    with opened(profile, "strict") as tab:
        yield tab


@pytest.fixture
def page(tab: Tab) -> Iterator[Page]:
    """One for the tests of a file, under the application's policy, with nothing in it."""
    page, faults = tab
    faults.clear()
    page.evaluate("workshop.startClock(); workshop.place()")
    yield page
    assert not faults


@pytest.fixture
def new_page(request: pytest.FixtureRequest, profile: BrowserContext) -> Iterator[Page]:
    """For what may spoil a page. ``request.param``: ``strict``, as above, or ``bare``, without a policy."""
    with opened(profile, request.param) as (page, faults):
        yield page
    assert request.param == "bare" or not faults, faults


@contextmanager
def opened(profile: BrowserContext, policy: str) -> Iterator[Tab]:
    page = profile.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"/{policy}")
    page.wait_for_function("window.workshop")
    yield page, faults
    page.close()
