// @ts-check
/** Renaming in place: Enter keeps, Escape leaves, and going elsewhere keeps. */

import { find, stamp } from "./dom.js";

/**
 * @param {object} options
 * @param {HTMLElement} options.label What shows the title; hidden meanwhile.
 * @param {string} options.title
 * @param {(title: string) => Promise<void>} options.save Rejects if the server does not take it.
 * @param {(error: unknown) => string} options.explain
 */
export function renameInPlace({ label, title, save, explain }) {
  const form = stamp("rename-part");
  const input = /** @type {HTMLInputElement} */ (find("input", form));
  const problem = find(".field-error", form);
  let done = false;

  const leave = () => {
    if (done) return;
    done = true;
    const hadFocus = form.contains(document.activeElement);
    label.hidden = false;
    form.remove();
    if (hadFocus) label.focus();
  };

  const keep = async () => {
    const wanted = input.value.trim();
    if (done || input.readOnly) return;
    if (!wanted || wanted === title) return leave();
    input.readOnly = true;
    try {
      await save(wanted);
      leave();
    } catch (error) {
      input.readOnly = false;
      input.setAttribute("aria-invalid", "true");
      find("span", problem).textContent = explain(error);
      problem.hidden = false;
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void keep();
  });
  input.addEventListener("blur", () => void keep());
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    event.stopPropagation();
    if (event.key === "Escape") leave();
  });
  input.value = title;
  label.hidden = true;
  label.after(form);
  input.focus();
  input.select();
}
