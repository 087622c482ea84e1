// @ts-check
/** A message of the person, on the page. */

import { showAttachments } from "./attachments.js";
import { exactTime } from "./days.js";
import { find, stamp } from "./dom.js";
import { refusalSentence } from "./errors.js";
import { detectLang } from "./lang.js";

/** @import { Message, Problem } from "./types.js" */

/**
 * Where a message is on its way to the server; null once it is stored. One that waits may have a reason.
 *
 * `progress`: how much of its files is uploaded, from 0 to 1.
 *
 * @typedef {{state: "sending" | "waiting" | "refused", problem?: Problem, progress?: number} | null} Delivery
 */

/** A message that is stored at once needs no word about it. */
const QUIET_FOR = 1500;

export class IncomingView {
  element = stamp("incoming-part");
  #files = find(".files", this.element);
  #bubble = find(".bubble", this.element);
  #note = find(".msg-note", this.element);
  #refusal = find(".refusal", this.element);
  #content = "";
  #timer = 0;

  /** @param {Message} message @param {Delivery} delivery */
  update({ content, createdAt, attachments }, delivery) {
    showAttachments(this.#files, attachments);
    this.#bubble.hidden = content === "" && attachments.length > 0;
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
    const { state, problem, progress } = delivery ?? {};
    this.#refusal.hidden = state !== "refused";
    const reason = problem ? refusalSentence(problem) : "";
    find(".field-error span", this.#refusal).textContent = reason;
    this.#tell(state === "waiting" ? reason || gettext("Waiting to be sent") : "");
    if (progress !== undefined) this.#tell(uploadSentence(progress));
    else if (state === "sending") this.#timer = setTimeout(() => this.#tell(gettext("Sending…")), QUIET_FOR);
  }

  /** @param {string} words */
  #tell(words) {
    find("span", this.#note).textContent = words;
    this.#note.hidden = words === "";
  }
}

/** @param {number} progress */
function uploadSentence(progress) {
  const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
  return interpolate(gettext("Uploading… %(part)s"), { part: percent.format(progress) }, true);
}
