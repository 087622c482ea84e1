// @ts-check
/** The head of the chat: its title, which a click renames, and the menu of the conversation. */

import { find } from "./dom.js";
import { detectLang } from "./lang.js";
import { titleOf } from "./rows.js";

/** @import { Row } from "./types.js" */

export class Header {
  title = /** @type {HTMLButtonElement} */ (find("#chat-title button"));
  more = /** @type {HTMLButtonElement} */ (find("#chat-more button"));

  /** @param {Row | null | undefined} row Null: a new chat. */
  show(row) {
    const title = row ? titleOf(row) : "";
    // While it is renamed its field stands in its place.
    if (!find("#chat-title").querySelector("form")) this.title.hidden = !row;
    this.title.textContent = title;
    this.title.lang = detectLang(title);
    find("#chat-title > .sr-only").hidden = Boolean(row);
    find("#chat-more").hidden = !row;
    document.title = title ? `${title} · Parley` : "Parley";
  }
}
