// @ts-check
/** One conversation in the sidebar. */

import { find, stamp } from "./dom.js";
import { detectLang } from "./lang.js";

/** @import { Row } from "./types.js" */

export class RowView {
  element = stamp("row-part");
  /** A link, where conversations have addresses, or a button. */
  link = find(".row", this.element);
  /** Opens its menu, where there is one. */
  more = /** @type {HTMLButtonElement | null} */ (this.element.querySelector(".item-more"));

  /** @param {Row} row @param {boolean} current */
  update(row, current) {
    const title = titleOf(row);
    const label = find(".row-title", this.element);
    this.element.dataset.conversation = row.id;
    if (this.link instanceof HTMLAnchorElement) this.link.href = `/c/${row.id}`;
    this.link.title = title;
    if (label.textContent !== title) label.textContent = title;
    label.lang = detectLang(title);
    if (current) this.link.setAttribute("aria-current", "page");
    else this.link.removeAttribute("aria-current");
    find(".busy", this.element).hidden = !row.busy;
    find(".unread", this.element).hidden = row.busy || current || !row.unreadMessagesCount;
    if (this.more) this.more.ariaLabel = interpolate(gettext("More for %(title)s"), { title }, true);
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
