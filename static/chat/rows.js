// @ts-check
/** One conversation in the sidebar. */

import { find, stamp } from "./dom.js";
import { detectLang } from "./lang.js";

/** @import { Row } from "./types.js" */

export class RowView {
  element = stamp("row-part");
  link = /** @type {HTMLAnchorElement} */ (find(".row", this.element));
  more = /** @type {HTMLButtonElement} */ (find(".item-more", this.element));

  /** @param {Row} row @param {boolean} current */
  update(row, current) {
    const title = titleOf(row);
    const label = find(".row-title", this.element);
    this.element.dataset.conversation = row.id;
    this.link.href = `/c/${row.id}`;
    this.link.title = title;
    if (label.textContent !== title) label.textContent = title;
    label.lang = detectLang(title);
    if (current) this.link.setAttribute("aria-current", "page");
    else this.link.removeAttribute("aria-current");
    find(".busy", this.element).hidden = !row.busy;
    find(".unread", this.element).hidden = row.busy || current || !row.unreadMessagesCount;
    this.more.ariaLabel = interpolate(gettext("More for %(title)s"), { title }, true);
  }
}

/** @param {Row} row */
export function titleOf(row) {
  return row.title || gettext("Untitled");
}

/** When it was last written in. @param {Row} row */
export function momentOf(row) {
  return Number(row.lastMessageCreatedAt ?? row.createdAt);
}
