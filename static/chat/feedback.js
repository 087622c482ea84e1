// @ts-check
/** The reasons behind a thumb down: optional, in place, never a dialog. */

import { find, stamp } from "./dom.js";

/**
 * @param {object} options
 * @param {HTMLElement} options.after What the form stands under.
 * @param {(suggestion: string) => Promise<void>} options.send Rejects if the server does not take it.
 * @param {(error: unknown) => string} options.explain
 * @param {() => void} options.onLeave The form has gone; whoever opened it takes the focus back.
 */
export function askForReasons({ after, send, explain, onLeave }) {
  const form = /** @type {HTMLFormElement} */ (stamp("feedback-part"));
  const submit = /** @type {HTMLButtonElement} */ (find("[type=submit]", form));
  const problem = find(".field-error", form);

  const leave = () => {
    form.remove();
    onLeave();
  };

  form.addEventListener("click", ({ target }) => {
    const button = target instanceof Element && target.closest("button");
    if (!button) return;
    if (button.dataset.action === "cancel") leave();
    else if (button.ariaPressed) button.ariaPressed = String(button.ariaPressed !== "true");
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    leave();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await send(suggestionOf(form));
      leave();
    } catch (error) {
      find("span", problem).textContent = explain(error);
      problem.hidden = false;
    }
    submit.disabled = false;
  });

  after.after(form);
  find(".chips button", form).focus();
  form.scrollIntoView({ block: "nearest" });
}

/** The chosen reasons, then the person's own words. @param {HTMLFormElement} form */
function suggestionOf(form) {
  const chosen = [...form.querySelectorAll("[aria-pressed=true]")].map((button) => button.textContent?.trim());
  const words = /** @type {HTMLTextAreaElement} */ (find("textarea", form)).value.trim();
  return [chosen.join(", "), words].filter(Boolean).join("\n");
}
