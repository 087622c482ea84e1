// @ts-check
/** Colours for finished code blocks, when the page has time for it. */

/** @import { HLJSApi } from "highlight.js" */

import { languageOf } from "./code.js";
import { later } from "./later.js";

/** Colouring cannot be interrupted, so a block that would hold up the page stays plain. */
const LONGEST = 20_000;

/** @typedef {{ scope?: string, children: Array<Branch | string> }} Branch */

/** @type {Promise<HLJSApi> | undefined} */
let loading;

/** @param {Element} root */
export function highlightLater(root) {
  for (const code of root.querySelectorAll("pre > code[class]")) later(() => highlight(code));
}

/** @param {Element} code */
async function highlight(code) {
  const text = code.textContent ?? "";
  const language = languageOf(code);
  if (text.length > LONGEST || code.firstElementChild) return;
  const hljs = await load();
  if (!hljs?.getLanguage(language)) return;
  const result = hljs.highlight(text, { language, ignoreIllegals: true });
  const tree = /** @type {{ rootNode: Branch }} */ (/** @type {unknown} */ (result._emitter)).rootNode;
  code.replaceChildren(...tree.children.map(nodeOf));
}

/**
 * @returns {Promise<HLJSApi | null>} null where it cannot be loaded: code stays plain then
 */
async function load() {
  try {
    return await (loading ??= import("../../vendor/highlight.js").then((module) => module.default));
  } catch {
    loading = undefined;
    return null;
  }
}

/**
 * The library's own tree becomes nodes directly: no string of markup is made of the code.
 *
 * @param {Branch | string} branch
 * @returns {Node}
 */
function nodeOf(branch) {
  if (typeof branch === "string") return document.createTextNode(branch);
  const span = document.createElement("span");
  if (branch.scope) span.className = classOf(branch.scope);
  span.append(...branch.children.map(nodeOf));
  return span;
}

/** `title.function` becomes `hljs-title function_`, as in the library's style sheets. @param {string} scope */
function classOf(scope) {
  const [first, ...rest] = scope.split(".");
  return [`hljs-${first}`, ...rest.map((name, depth) => name + "_".repeat(depth + 1))].join(" ");
}
