// @ts-check
/** The choice between light, dark and what the system has. `theme.js` applies it before the first paint. */

import { read, write } from "./storage.js";

/** @typedef {"light" | "dark" | ""} Theme Empty: as the system has it. */

export class Themes {
  #key;
  #usual;

  /** @param {string} key Where the choice is kept. @param {Theme} [usual] What there is without one. */
  constructor(key, usual = "") {
    this.#key = key;
    this.#usual = usual;
    for (const button of this.#buttons) {
      button.addEventListener("click", () => this.choose(/** @type {Theme} */ (button.dataset.themeChoice)));
    }
    this.#show(this.#chosen ?? usual);
  }

  /** @param {Theme} theme */
  choose(theme) {
    write("localStorage", this.#key, theme === this.#usual ? null : theme || "system");
    this.#show(theme);
  }

  /** What there is from now on for those who have not chosen. @param {Theme} usual */
  suggest(usual) {
    this.#usual = usual;
    this.#show(this.#chosen ?? usual);
  }

  /** @returns {Theme | null} */
  get #chosen() {
    const kept = read("localStorage", this.#key);
    if (kept === "system") return "";
    return kept === "light" || kept === "dark" ? kept : null;
  }

  get #buttons() {
    return /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-theme-choice]"));
  }

  /** @param {Theme} theme */
  #show(theme) {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    for (const button of this.#buttons) button.ariaChecked = String(button.dataset.themeChoice === theme);
  }
}
