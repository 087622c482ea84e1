// @ts-check
/** Takes out of a text what nobody can see but a machine would read or obey. */

/** Zero-width characters, bidirectional embeddings and overrides, Unicode tags, controls but tab and newline.
 * The zero-width joiners stay: emoji, Persian and the Indic scripts are written with them. */
const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200b\u2060-\u2064\u202a-\u202e\ufeff\u{e0000}-\u{e007f}]/gu;

/**
 * The text as it may be shown and copied, with one kind of line ending.
 *
 * @param {string} text
 * @returns {string}
 */
export function clean(text) {
  return text.replace(/\r\n?/g, "\n").replace(INVISIBLE, "");
}

/**
 * @param {string} text
 * @returns {string}
 */
export function escapeHtml(text) {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
