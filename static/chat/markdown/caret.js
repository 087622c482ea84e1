// @ts-check
/** The caret that stands where a reply is being written. */

import { element } from "./elements.js";

const CONTAINERS = "ul, ol, li, p, blockquote, h3, h4, h5, h6, figure, pre, code, div, table, tbody, thead, tr, td, th";

export const makeCaret = () => element("span", { class: "caret", "aria-hidden": "true" });

/** @param {Node} node */
export const isCaret = (node) => node instanceof Element && node.className === "caret";

/**
 * Moves the caret behind the last character. Where it stands right already it is not touched: to insert it again
 * would cost the browser more than all the rest of a drawing.
 *
 * @param {Element} root
 * @param {Element} caret
 */
export function placeCaret(root, caret) {
  let place = root;
  for (let last = lastOf(place); last instanceof Element && last.matches(CONTAINERS); last = lastOf(place)) place = last;
  if (caret.parentNode !== place || caret.nextSibling) place.append(caret);
}

/** The last child that is not the caret nor the line break after a tag. @param {Element} place */
function lastOf(place) {
  let last = place.lastChild;
  while (last && (isCaret(last) || (last instanceof Text && !last.data.trim()))) last = last.previousSibling;
  return last;
}
