// @ts-check
/** A message of the person, on the page. */

import { exactTime } from "./days.js";
import { find, stamp } from "./dom.js";
import { refusalSentence } from "./errors.js";
import { detectLang } from "./lang.js";

/** @import { Message, Problem } from "./types.js" */

/**
 * Where a message is on its way to the server; null once it is stored. One that waits may have a reason.
 *
 * @typedef {{state: "sending" | "waiting" | "refused", problem?: Problem} | null} Delivery
 */

/** A message that is stored at once needs no word about it. */
const QUIET_FOR = 1500;

export class IncomingView {
  element = stamp("incoming-part");
  #bubble = find(".bubble", this.element);
  #note = find(".msg-note", this.element);
  #refusal = find(".refusal", this.element);
  #content = "";
  #timer = 0;

  /** @param {Message} message @param {Delivery} delivery */
  update({ content, createdAt }, delivery) {
    if (content !== this.#content) {
      this.#content = content;
      this.#bubble.textContent = content;
      this.#bubble.lang = detectLang(content);
    }
    this.#bubble.title = exactTime(Number(createdAt));
    this.#deliver(delivery);
  }

  get source() {
    return this.#content;
  }

  dispose() {
    clearTimeout(this.#timer);
  }

  /** @param {Delivery} delivery */
  #deliver(delivery) {
    clearTimeout(this.#timer);
    const { state, problem } = delivery ?? {};
    this.#refusal.hidden = state !== "refused";
    const reason = problem ? refusalSentence(problem) : "";
    find(".field-error span", this.#refusal).textContent = reason;
    this.#tell(state === "waiting" ? reason || gettext("Waiting to be sent") : "");
    if (state === "sending") this.#timer = setTimeout(() => this.#tell(gettext("Sending…")), QUIET_FOR);
  }

  /** @param {string} words */
  #tell(words) {
    find("span", this.#note).textContent = words;
    this.#note.hidden = words === "";
  }
}
