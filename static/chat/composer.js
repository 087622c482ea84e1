// @ts-check
/** The field in which messages are written. It never moves, and what is in it is never lost. */

import { find } from "./dom.js";
import { tooLongSentence, tooManyCharactersSentence } from "./errors.js";

/**
 * @typedef {object} ComposerOptions
 * @property {number} limit Bytes of UTF-8.
 * @property {number | null} [characters] How many visitors may send at once.
 * @property {(text: string) => void} onSend
 * @property {() => void} onStop
 * @property {(text: string) => void} onDraft
 */

const encoder = new TextEncoder();
const grows = CSS.supports("field-sizing", "content");

export class Composer {
  #form = /** @type {HTMLFormElement} */ (find("#composer"));
  #field = /** @type {HTMLTextAreaElement} */ (find("#composer-input"));
  #send = /** @type {HTMLButtonElement} */ (find("#send"));
  #stop = /** @type {HTMLButtonElement} */ (find("#stop"));
  #error = find("#composer-error");
  #running = false;
  #closed = false;
  /** A field that says by itself what it is for needs no name of whom one writes to. */
  #named = this.#field.placeholder === "";
  /** What was written before this module was there. */
  #early = this.#field.value;
  #options;

  /** @param {ComposerOptions} options */
  constructor(options) {
    this.#options = options;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    // Anywhere in the box is the field.
    this.#form.addEventListener("pointerdown", (event) => {
      if (event.target !== this.#field && !(event.target instanceof Element && event.target.closest("button"))) {
        event.preventDefault();
        this.focus();
      }
    });
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.#field.addEventListener("input", () => {
      this.#options.onDraft(this.#field.value);
      this.#show();
    });
    this.#stop.addEventListener("click", () => {
      options.onStop();
      this.focus();
    });
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  /** Another conversation, with what was begun in it. @param {string} draft */
  turnTo(draft) {
    this.#field.value = draft || this.#early;
    this.#early = "";
    this.#show();
  }

  /** Whom one writes to. @param {string} name */
  address(name) {
    if (this.#named) this.#field.placeholder = name ? interpolate(gettext("Ask %(name)s anything"), { name }, true) : "";
  }

  /** @param {{running: boolean, stopping: boolean}} state Whether a reply can be stopped, or is stopping already. */
  setRunning({ running, stopping }) {
    this.#running = running;
    this.#stop.disabled = stopping;
    this.#show();
  }

  /** Nothing can be written here. @param {boolean} closed */
  setClosed(closed) {
    this.#closed = closed;
    this.#field.disabled = closed;
    this.#show();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // Enter also chooses a character in an input method: Safari says so with the key code only.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    const text = this.#field.value.trim();
    this.#show();
    if (!text || this.#closed || !this.#error.hidden) return;
    this.#field.value = "";
    this.#options.onDraft("");
    this.#show();
    this.focus();
    this.#options.onSend(text);
  }

  #show() {
    const text = this.#field.value.trim();
    const problem = this.#problem(text);
    this.#error.hidden = !problem;
    this.#field.ariaInvalid = problem ? "true" : null;
    if (problem) find("span", this.#error).textContent = problem;
    this.#send.disabled = !text || problem !== "" || this.#closed;
    // Stop takes the place of Send only while there is nothing to send.
    this.#stop.hidden = !this.#running;
    this.#send.hidden = this.#running && !text;
    if (!grows) this.#grow();
  }

  /** Why a text cannot be sent; empty if it can. @param {string} text */
  #problem(text) {
    const { limit, characters } = this.#options;
    const bytes = encoder.encode(text).length - limit;
    if (bytes > 0) return tooLongSentence(bytes);
    // Counted as the server does: an emoji is one character, and two of a string's units.
    const more = characters && text.length > characters ? [...text].length - characters : 0;
    return more > 0 ? tooManyCharactersSentence(more) : "";
  }

  /** For browsers whose fields do not grow by themselves; the style sheet sets the limit. */
  #grow() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}
