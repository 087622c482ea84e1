// @ts-check
/** The only way from a string of HTML to nodes. What is not named here does not come through. */

import DOMPurify from "../../vendor/dompurify.js";

const TAGS = [
  "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "span",
  "strong", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
];
const ATTRIBUTES = ["align", "class", "href", "start"];

/** The class names that our own renderer writes, for the dressing after this. */
const CLASSES = /^(?:language-[\w+#.-]{1,32}|math|cite)$/;

/** Our own instance, so that no other script's hooks or settings reach it. */
const purifier = DOMPurify(window);

// Once, and not with each call: to read the settings takes as long as to sanitise a paragraph.
purifier.setConfig({
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ATTRIBUTES,
  // Without this their values would have to look like addresses.
  ADD_URI_SAFE_ATTR: ["align", "start"],
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
});

purifier.addHook("uponSanitizeAttribute", (_node, attribute) => {
  if (attribute.attrName === "class") attribute.keepAttr = CLASSES.test(attribute.attrValue);
});

/**
 * @param {string} html
 * @returns {DocumentFragment}
 */
export function sanitize(html) {
  return /** @type {DocumentFragment} */ (/** @type {unknown} */ (purifier.sanitize(html)));
}
