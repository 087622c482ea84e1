// @ts-check
/** Code blocks: a caption with the language and a button that copies. */

import { copyText } from "../copy.js";
import { element, icon } from "./elements.js";

const COPIED_FOR_MS = 2000;
const COPY = "M13 7V5.5a2 2 0 0 0-2-2H5.5a2 2 0 0 0-2 2V11a2 2 0 0 0 2 2H7M9 7h5.5a2 2 0 0 1 2 2v5.5a2 2 0 0 1-2 2H9a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2z";
const TICK = "m4.5 10.5 3.5 3.5 7.5-8";

/**
 * Puts each `pre` into its figure.
 *
 * @param {ParentNode} root
 */
export function dressCode(root) {
  for (const pre of root.querySelectorAll("pre")) {
    const code = pre.querySelector("code");
    if (code) pre.replaceWith(figure(languageOf(code), code.textContent ?? ""));
  }
}

/**
 * The language that the author of the code named, or "".
 *
 * @param {Element} code
 * @returns {string}
 */
export function languageOf(code) {
  return /\blanguage-(\S+)/.exec(code.className)?.[1] ?? "";
}

/**
 * @param {string} language
 * @param {string} text
 */
function figure(language, text) {
  const label = language ? interpolate(gettext("Code, %(language)s"), { language }, true) : gettext("Code");
  const code = element("code", language ? { class: `language-${language}` } : {}, text);
  const pre = element("pre", { tabindex: "0", "aria-label": label, role: "group" }, code);
  const caption = element("figcaption", {}, element("span", {}, language), copyButton());
  return element("figure", { class: "code" }, caption, pre);
}

function copyButton() {
  const button = element("button", { type: "button", class: "text-button" });
  showCopy(button);
  button.addEventListener("click", () => void copyFrom(button));
  return button;
}

/** @param {HTMLElement} button */
async function copyFrom(button) {
  const code = button.closest("figure")?.querySelector("code");
  if (!(await copyText(code?.textContent ?? ""))) return;
  button.setAttribute("aria-label", gettext("Copied"));
  button.replaceChildren(icon(TICK), element("span", {}, gettext("Copied")));
  setTimeout(() => showCopy(button), COPIED_FOR_MS);
}

/** @param {HTMLElement} button */
function showCopy(button) {
  button.setAttribute("aria-label", gettext("Copy code"));
  button.replaceChildren(icon(COPY), element("span", {}, gettext("Copy")));
}
