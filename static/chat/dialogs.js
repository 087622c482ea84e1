// @ts-check

import { find } from "./dom.js";

/**
 * Ask before something is deleted for good. The dialog stays until that is done, and says why if it is not.
 *
 * @param {object} options
 * @param {string} options.question
 * @param {() => Promise<void>} options.remove
 * @param {(error: unknown) => string} options.explain
 */
export function confirmDeletion({ question, remove, explain }) {
  const dialog = /** @type {HTMLDialogElement} */ (find("#delete-dialog"));
  const form = /** @type {HTMLFormElement} */ (find("form", dialog));
  const problem = find(".field-error", dialog);
  find("h2", dialog).textContent = question;
  problem.hidden = true;
  form.onsubmit = async (event) => {
    if (event.submitter?.getAttribute("value") !== "delete") return;
    event.preventDefault();
    try {
      await remove();
      dialog.close();
      // The button that opened it is gone, if it was a row's.
      if (document.activeElement === document.body) find("#conversations").focus();
    } catch (error) {
      find("span", problem).textContent = explain(error);
      problem.hidden = false;
    }
  };
  dialog.showModal();
}

/** @param {"settings" | "shortcuts"} name */
export function showDialog(name) {
  const dialog = /** @type {HTMLDialogElement} */ (find(`#${name}-dialog`));
  if (!dialog.open) dialog.showModal();
}

/** A click beside a dialog closes it, as Escape does. */
export function closeDialogsFromOutside() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("pointerdown", (event) => {
      if (event.target !== dialog) return;
      const { left, right, top, bottom } = dialog.getBoundingClientRect();
      const inside = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
      if (!inside) dialog.close("keep");
    });
  }
}
