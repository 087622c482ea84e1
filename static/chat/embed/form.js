// @ts-check
/** The form before the first message. What is entered stays in the page until that message takes it along. */

import { find } from "../dom.js";

/** @import { Profile } from "../types.js" */

const OWN = ["name", "email"];

export class Form {
  #element = /** @type {HTMLFormElement | null} */ (document.querySelector("#form"));
  #onDone;
  /** What is to be tried again when it is filled in. */
  #again = () => {};

  /** @param {() => void} onDone It is filled in. */
  constructor(onDone) {
    this.#onDone = onDone;
    this.#element?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#element?.addEventListener("change", ({ target }) => {
      if (isInput(target) && target.ariaInvalid) this.#check(target);
    });
  }

  /** @type {Profile | null} What was entered. */
  profile = null;

  /** What the site has signed need not be asked. @param {Record<string, unknown>} claims */
  know(claims) {
    for (const input of this.#inputs) {
      const known = OWN.includes(input.name) && typeof claims[input.name] === "string" && claims[input.name] !== "";
      find(`[data-field="${CSS.escape(input.name)}"]`).hidden = known;
      input.disabled = known;
    }
  }

  /** Whether there is something to be asked. */
  get isWanted() {
    return this.profile === null && this.#inputs.some(({ disabled }) => !disabled);
  }

  /** @param {boolean} shown */
  show(shown) {
    if (!this.#element || this.#element.hidden === !shown) return;
    const hadFocus = this.#element.contains(document.activeElement);
    this.#element.hidden = !shown;
    find("#scroller").hidden = shown;
    if (shown && document.hasFocus() && !hadFocus) this.focus();
  }

  /** The server does not take what was entered. @param {string} sentence @param {() => void} again */
  refuse(sentence, again) {
    this.profile = null;
    this.#again = again;
    this.#tell(sentence);
  }

  /** Whoever has filled it in is not here any more. */
  forget() {
    this.profile = null;
    this.#element?.reset();
  }

  focus() {
    this.#inputs.find(({ disabled }) => !disabled)?.focus();
  }

  get #inputs() {
    return [...(this.#element?.elements ?? [])].filter(isInput);
  }

  #submit() {
    const inputs = this.#inputs.filter(({ disabled }) => !disabled);
    const wrong = inputs.filter((input) => !this.#check(input));
    if (wrong[0]) return wrong[0].focus();
    this.profile = profileOf(inputs);
    this.#tell("");
    this.#onDone();
    this.#again();
    this.#again = () => {};
  }

  /** @param {string} sentence */
  #tell(sentence) {
    const problem = find("#form-error");
    find("span", problem).textContent = sentence;
    problem.hidden = sentence === "";
  }

  /** Say under the field what is wrong with it. @param {HTMLInputElement} input */
  #check(input) {
    const problem = find(`#${CSS.escape(input.id)}-error`);
    const sentence = problemOf(input);
    find("span", problem).textContent = sentence;
    problem.hidden = sentence === "";
    input.ariaInvalid = sentence ? "true" : null;
    return sentence === "";
  }
}

/** @param {unknown} element @returns {element is HTMLInputElement} Or one of the same manners. */
function isInput(element) {
  return element instanceof HTMLElement && element.matches("input, select, textarea");
}

/** @param {HTMLInputElement} input */
function problemOf(input) {
  const { type, required, checked, validity } = input;
  const value = input.value.trim();
  if (type === "checkbox") return required && !checked ? gettext("Tick this to go on") : "";
  if (required && !value) return gettext("Fill this in");
  if (type === "email" && value && (validity.typeMismatch || !/^\S+@\S+\.\S+$/.test(value))) {
    return gettext("Enter a full address, like name@example.org");
  }
  return "";
}

/** @param {HTMLInputElement[]} inputs @returns {Profile} */
function profileOf(inputs) {
  /** @type {Profile} */
  const profile = { fields: {} };
  for (const { name, type, value, checked, dataset } of inputs) {
    const answer = value.trim();
    if (dataset.consent !== undefined) profile.consent = true;
    else if (name === "name" || name === "email") profile[name] = answer;
    else if (profile.fields) profile.fields[name] = type === "checkbox" ? checked : answer;
  }
  return profile;
}
