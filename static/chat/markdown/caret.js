// @ts-check
/** The caret that stands where a reply is being written. */

import { element } from "./elements.js";

const CONTAINERS = "ul, ol, li, p, blockquote, h3, h4, h5, h6, figure, pre, code, div.table, table, tbody, thead, tr, td, th";

export const makeCaret = () => element("span", { class: "caret", "aria-hidden": "true" });

/**
 * Moves the caret behind the last character.
 *
 * @param {Element} root
 * @param {Element} caret
 */
export function placeCaret(root, caret) {
  caret.remove();
  let place = root;
  for (let last = place.lastElementChild; last?.matches(CONTAINERS); last = place.lastElementChild) {
    if (place.lastChild !== last) break;
    place = last;
  }
  place.append(caret);
}
