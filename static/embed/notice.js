// @ts-check
/** What stands where the frame will be, or should have been. */

import { button, CROSS, icon, make } from "./marks.js";
import { wordsFor } from "./words.js";

/** @import { State } from "./panel.js" */

export class Notice {
  element = make("div", "notice");
  #text = make("p", "");
  #link = make("a", "");
  #cross;

  /** @param {(() => void) | null} close Null for a frame that stands in the page. */
  constructor(close) {
    this.#text.role = "status";
    this.#link.target = "_blank";
    this.#link.rel = "noopener";
    this.element.append(this.#text, make("p", "", this.#link));
    this.#cross = close && button("cross", close, icon(CROSS));
    if (this.#cross) this.element.appendChild(this.#cross);
  }

  /** @param {State} state @param {string} address Of the page, which opens in a tab of its own. @param {string} [lang] */
  tell(state, address, lang) {
    const words = wordsFor(lang);
    this.element.hidden = state === "ready";
    this.#text.textContent = words[state === "ready" ? "loading" : state];
    this.#link.textContent = words.tab;
    this.#link.href = address;
    this.#link.hidden = state === "loading";
    if (this.#cross) this.#cross.ariaLabel = words.close;
  }
}
