"""While a text arrives, what is shown of it is at every character what that much of it would be.

In a tab of their own: formulas and code of all those states are left behind to be drawn when there is time,
and others would have to wait for that.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser_render.test_streaming import CITATIONS, TEXTS

pytestmark = pytest.mark.browser

EVERY_STATE = """async ([text, citations]) => {
  const { Document } = await import("/chat/markdown/document.js");
  const show = (node, source) => {
    const shown = new Document(node);
    shown.cite(citations);
    shown.show(source, false);
    return shown;
  };
  /** Formulas and colours come when there is time, so they may be there or not. */
  const plain = (node) => {
    const copy = node.cloneNode(true);
    for (const code of copy.querySelectorAll("code")) code.textContent = code.textContent;
    for (const formula of copy.querySelectorAll(".math")) formula.textContent = "";
    copy.normalize();
    return copy;
  };
  const growing = workshop.place();
  const kept = show(growing, "");
  for (let end = 1; end <= text.length; end += 1) {
    const fresh = growing.cloneNode();
    kept.show(text.slice(0, end), false);
    show(fresh, text.slice(0, end));
    if (!plain(growing).isEqualNode(plain(fresh))) return text.slice(0, end);
  }
  return "";
}"""


@pytest.mark.parametrize("name", TEXTS)
def test_what_was_kept_is_right_after_every_character(page: Page, name: str) -> None:
    assert page.evaluate(EVERY_STATE, [TEXTS[name], CITATIONS]) == ""
