from __future__ import annotations

import pytest
from playwright.sync_api import CDPSession, expect

from tests.browser.conftest import Opener

#: Bytes over the network for all that the page needs before somebody asks, with an empty cache.
BUDGET = 150_000


@pytest.mark.parametrize("locale", ["en", "zh-TW"])
def test_the_first_load_of_the_page_is_light(open_chat: Opener, locale: str) -> None:
    chat = open_chat(locale=locale)
    seen: CDPSession = chat.page.context.new_cdp_session(chat.page)
    sizes: list[int] = []
    seen.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    seen.send("Network.enable")
    seen.send("Network.setCacheDisabled", {"cacheDisabled": True})
    chat.page.reload()  # to the load event, for which the modules are waited
    chat.page.wait_for_load_state("networkidle")
    expect(chat.page.locator("#composer-input")).to_be_visible()
    chat.wait(lambda: len(sizes) > 50)
    assert sum(sizes) < BUDGET
