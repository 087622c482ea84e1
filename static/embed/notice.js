// @ts-check
/** What stands where the frame will be, or should have been. */

import { button, CROSS, icon, make } from "./marks.js";
import { wordsFor } from "./words.js";

/** @import { State } from "./panel.js" */

/** @param {() => void} close @param {boolean} closes Not where the frame stands in the page. */
export function makeNotice(close, closes) {
  const text = make("p", "");
  const link = make("a", "");
  const cross = button("cross", close, icon(CROSS));
  const element = make("div", "notice", text, make("p", "", link), cross);
  text.role = "status";
  link.target = "_blank";
  link.rel = "noopener";
  cross.hidden = !closes;

  return {
    element,
    /**
     * @param {State} state @param {string} address Of the page, which opens in a tab of its own; empty: it may not.
     * @param {string} [lang]
     */
    tell(state, address, lang) {
      const words = wordsFor(lang);
      element.dataset.state = state;
      element.hidden = state === "ready";
      text.textContent = words[state === "ready" ? "loading" : state];
      link.textContent = words.tab;
      link.href = address;
      link.hidden = !address || state === "loading";
      cross.ariaLabel = words.close;
    },
  };
}
