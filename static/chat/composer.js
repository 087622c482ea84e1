// @ts-check
/** The field in which messages are written. It never moves, and what is in it is never lost. */

import { Attaching } from "./attaching.js";
import { find } from "./dom.js";
import { tooLongSentence, tooManyCharactersSentence } from "./errors.js";

/** @import { FileLimits, Limits } from "./types.js" */
/** @import { Chosen } from "./uploads.js" */

/**
 * @typedef {object} ComposerOptions
 * @property {Limits} limits
 * @property {(text: string, files: Chosen[]) => void} onSend
 * @property {() => void} onStop
 * @property {(text: string) => void} onDraft
 * @property {(files: Chosen[]) => void} onFiles
 * @property {(sentence: string) => void} say
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
  /** Until it is known which conversation is open, what is written is for the first that will be. */
  #early = true;
  /** @type {Attaching | null} Null: no files are taken here. */
  #attaching = null;
  #options;

  /** @param {ComposerOptions} options */
  constructor(options) {
    this.#options = options;
    if (options.limits.files) this.#attaching = this.#attachingOf(options.limits.files);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    // Anywhere in the box is the field.
    this.#form.addEventListener("pointerdown", (event) => {
      if (event.target !== this.#field && !(event.target instanceof Element && event.target.closest("button, .files"))) {
        event.preventDefault();
        this.focus();
      }
    });
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.#field.addEventListener("input", () => {
      if (!this.#early) this.#options.onDraft(this.#field.value);
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

  /** Another conversation, with what was begun in it. @param {string} draft @param {Chosen[]} files */
  turnTo(draft, files) {
    const [text, chosen] = this.#early ? [this.#field.value, this.#files] : ["", []];
    this.#early = false;
    this.#field.value = [...new Set([draft, text])].filter(Boolean).join("\n");
    this.#attaching?.turnTo([...files, ...chosen]);
    if (text) this.#options.onDraft(this.#field.value);
    if (chosen.length) this.#options.onFiles(this.#files);
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
    this.#attaching?.setClosed(closed);
    this.#show();
  }

  /** @param {FileLimits} limits */
  #attachingOf(limits) {
    const attaching = new Attaching({
      limits,
      say: this.#options.say,
      onChange: () => {
        if (!this.#early) this.#options.onFiles(attaching.chosen);
        this.#show();
      },
      // A finger would only call up the keyboard with that.
      onDone: () => matchMedia("(hover: hover)").matches && this.focus(),
    });
    this.#field.addEventListener("paste", (event) => attaching.paste(event));
    return attaching;
  }

  get #files() {
    return this.#attaching?.chosen ?? [];
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
    if (!(text || this.#files.length) || this.#closed || !this.#error.hidden) return;
    this.#field.value = "";
    this.#early = false;
    this.#options.onDraft("");
    const files = this.#attaching?.take() ?? [];
    this.#show();
    this.focus();
    this.#options.onSend(text, files);
  }

  #show() {
    const text = this.#field.value.trim();
    const empty = !text && !this.#files.length;
    const problem = this.#problem(text);
    this.#error.hidden = !problem;
    this.#field.ariaInvalid = problem ? "true" : null;
    if (problem) find("span", this.#error).textContent = problem;
    this.#send.disabled = empty || problem !== "" || this.#closed;
    // Stop takes the place of Send only while there is nothing to send.
    this.#stop.hidden = !this.#running;
    this.#send.hidden = this.#running && empty;
    if (!grows) this.#grow();
  }

  /** Why a text cannot be sent; empty if it can. @param {string} text */
  #problem(text) {
    const { messageBytes, messageCharacters: characters } = this.#options.limits;
    const bytes = encoder.encode(text).length - messageBytes;
    if (bytes > 0) return tooLongSentence(bytes, this.#attaching !== null);
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
