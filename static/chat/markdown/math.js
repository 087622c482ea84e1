// @ts-check
/** Formulas as MathML, which needs neither fonts nor styles. A formula with a mistake stays as it was written. */

/** @import { default as Katex } from "katex" */

import { formulaOf } from "./formulas.js";
import { later } from "./later.js";

const REMEMBERED = 500;

/** @type {Promise<typeof Katex> | undefined} */
let loading;
/** What a source became: null if it cannot be drawn. @type {Map<string, Element | null>} */
const drawn = new Map();

/**
 * Draws the formulas that were seen before, at once.
 *
 * @param {ParentNode} root
 */
export function dressMath(root) {
  for (const span of root.querySelectorAll("span.math")) show(span);
}

/**
 * Draws the others when there is time.
 *
 * @param {Element} root
 */
export function drawMathLater(root) {
  for (const span of root.querySelectorAll("span.math:not(:has(math))"))
    if (!drawn.has(span.textContent ?? "")) later(() => drawInto(span));
}

/** @param {Element} span */
async function drawInto(span) {
  const source = span.textContent ?? "";
  if (span.firstElementChild) return;
  if (!drawn.has(source)) remember(source, draw(await load(), source));
  show(span);
}

/**
 * @returns {Promise<typeof Katex | null>} null where it cannot be loaded: formulas are shown as written then
 */
async function load() {
  try {
    return await (loading ??= import("../../vendor/katex.js").then((module) => module.default));
  } catch {
    loading = undefined;
    return null;
  }
}

/**
 * @param {typeof Katex | null} katex
 * @param {string} source
 * @returns {Element | null}
 */
function draw(katex, source) {
  if (!katex) return null;
  const { tex, display } = formulaOf(source);
  const holder = document.createElement("span");
  try {
    katex.render(tex, holder, {
      output: "mathml", displayMode: display, throwOnError: true, strict: "ignore", trust: false, maxSize: 20, maxExpand: 500,
    });
  } catch {
    return null;
  }
  return holder.querySelector("math");
}

/**
 * @param {string} source
 * @param {Element | null} math
 */
function remember(source, math) {
  const [oldest] = drawn.keys();
  if (oldest !== undefined && drawn.size >= REMEMBERED) drawn.delete(oldest);
  drawn.set(source, math);
}

/** @param {Element} span */
function show(span) {
  const math = drawn.get(span.textContent ?? "");
  if (math) span.replaceChildren(math.cloneNode(true));
}
