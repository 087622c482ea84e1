// @ts-check
/** Source numbers: `[1]` in the text becomes a small link to the source of that number. */

import { element } from "./elements.js";

/**
 * @typedef {object} Citation
 * @property {number} number
 * @property {string} [title]  read to those who cannot see the source
 * @property {string} [href]  where the source stands on the page, such as `#src-…`
 */

const WORD_JOINER = "\u2060";
const SAFE_PLACE = /^(?:#|\/(?!\/)|https?:\/\/)/;

/**
 * A click is told by a bubbling `cite` event with `detail: { number, anchor }`; who handles it may cancel it,
 * and with it the jump to `href`.
 *
 * @param {ParentNode} root
 * @param {ReadonlyMap<number, Citation>} citations
 */
export function dressCitations(root, citations) {
  for (const mark of root.querySelectorAll("sup.cite")) {
    const citation = citations.get(Number(mark.textContent));
    if (!citation) continue;
    tieToWord(mark);
    mark.replaceWith(WORD_JOINER, chip(citation));
  }
}

/**
 * The chip has a margin of its own, and a space before it would let it begin a line.
 *
 * @param {Element} mark
 */
function tieToWord(mark) {
  const before = mark.previousSibling;
  if (before instanceof Text) before.data = before.data.trimEnd();
}

/** @param {Citation} citation */
function chip({ number, title, href }) {
  const label = title
    ? interpolate(gettext("Source %(number)s, %(title)s"), { number, title }, true)
    : interpolate(gettext("Source %(number)s"), { number }, true);
  const place = SAFE_PLACE.test(href ?? "") ? href : undefined;
  const anchor = element("a", { class: "cite", href: place ?? "#", "aria-label": label }, String(number));
  anchor.dataset.number = String(number);
  anchor.addEventListener("click", (click) => {
    const event = new CustomEvent("cite", { bubbles: true, cancelable: true, detail: { number, anchor } });
    if (!anchor.dispatchEvent(event) || !place) click.preventDefault();
  });
  return anchor;
}
