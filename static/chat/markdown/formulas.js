// @ts-check
/**
 * Where a formula begins and ends in Markdown: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`.
 *
 * A single dollar is taken for money unless its inside can only be mathematics. No formula spans a blank line.
 */

/** @import { MarkedExtension, TokenizerAndRendererExtension } from "marked" */

import { escapeHtml } from "./clean.js";

/** Bounded, so that a text full of openings is not searched to its end from each of them. */
const INSIDE = String.raw`(?:(?!\n[ \t]*\n)[\s\S]){1,2000}?`;
const DISPLAY = String.raw`\$\$(?!\$)${INSIDE}\$\$|\\\[${INSIDE}\\\]`;
const BLOCK = new RegExp(String.raw`^ {0,3}(${DISPLAY})[ \t]*(?:\n|$)`);
const BLOCK_INSIDE_PARAGRAPH = new RegExp(String.raw`\n {0,3}(?:${DISPLAY})[ \t]*(?=\n|$)`);
const INLINE = new RegExp(String.raw`^(?:${DISPLAY}|\\\(${INSIDE}\\\)|\$(?![\s$])((?:\\[^\n]|[^$\\\n]){0,500}(?:\\[^\n]|[^\s$\\]))\$(?![\w$]))`);
const INLINE_START = /(?<![\w$\\])\$|\\[([]/;

const OPERATOR = /[\\^_=+<>{}|≤≥≠∈×·]/;
const SHORT = /^(?:[\d.,]+|[a-zA-Z]'*|[\w.,'*\/()[\] -]{1,16})$/;
const WORD = /[a-zA-Z]{3}/;
const AMOUNT = /^[\d.,]+[kKmMbB]?\s+(?:[a-zA-Z]{2}|[+=-] )/;

/**
 * Whether what stands between two single dollars is mathematics rather than prose about money.
 *
 * @param {string} inside
 * @returns {boolean}
 */
export function isFormula(inside) {
  if (AMOUNT.test(inside)) return false;
  return OPERATOR.test(inside) || (SHORT.test(inside) && !WORD.test(inside));
}

/**
 * The length of the formula at the beginning of `source`, or 0.
 *
 * @param {string} source
 * @returns {number}
 */
function lengthAtStart(source) {
  const match = INLINE.exec(source);
  if (!match || (match[1] !== undefined && !isFormula(match[1]))) return 0;
  return match[0].length;
}

/** @type {TokenizerAndRendererExtension} */
const inline = {
  name: "formula",
  level: "inline",
  start(source) {
    return INLINE_START.exec(source)?.index;
  },
  tokenizer(source, tokens) {
    const before = tokens.at(-1)?.raw.at(-1) ?? "";
    if (source[0] === "$" && /[\w$]/.test(before)) return undefined;
    const length = lengthAtStart(source);
    return length ? { type: "formula", raw: source.slice(0, length) } : undefined;
  },
  renderer: (token) => `<span class="math">${escapeHtml(token.raw)}</span>`,
};

/** @type {TokenizerAndRendererExtension} */
const block = {
  name: "formulaBlock",
  level: "block",
  start(source) {
    const end = source.search(/\n[ \t]*\n/);
    const index = (end < 0 ? source : source.slice(0, end)).search(BLOCK_INSIDE_PARAGRAPH);
    return index < 0 ? undefined : index + 1;
  },
  tokenizer(source) {
    const match = BLOCK.exec(source);
    return match ? { type: "formulaBlock", raw: match[0], text: match[1] } : undefined;
  },
  renderer: (token) => `<p><span class="math">${escapeHtml(token.text)}</span></p>`,
};

/** @type {MarkedExtension} */
export const formulas = { extensions: [block, inline] };

/**
 * What stands between the delimiters, and whether it stands on a line of its own.
 *
 * @param {string} source
 * @returns {{ tex: string, display: boolean }}
 */
export function formulaOf(source) {
  const width = /^\$(?!\$)/.test(source) ? 1 : 2;
  return { tex: source.slice(width, -width).trim(), display: /^(?:\$\$|\\\[)/.test(source) };
}
