// @ts-check
/** What a person can do with a message: copy, rate, retry, stop, send again. */

import { problemOf } from "./conversation.js";
import { copyText } from "./copy.js";
import { find, setIcon } from "./dom.js";
import { requestSentence } from "./errors.js";
import { askForReasons } from "./feedback.js";

/** @import { Api } from "./api.js" */
/** @import { Announcer } from "./announcer.js" */
/** @import { OpenConversation } from "./conversation.js" */
/** @import { Outbox } from "./outbox.js" */
/** @import { Action } from "./thread.js" */
/** @import { Message } from "./types.js" */

const TICK_FOR = 2000;

export class ReplyActions {
  #api;
  #conversation;
  #outbox;
  #announcer;
  #refresh;
  #onGone;

  /**
   * @param {object} options
   * @param {Api} options.api
   * @param {() => OpenConversation} options.conversation The open one.
   * @param {Outbox} options.outbox
   * @param {Announcer} options.announcer
   * @param {() => void} options.refresh Show the messages as they are now.
   * @param {() => void} options.onGone The button that was pressed goes away, and the focus needs a place.
   */
  constructor({ api, conversation, outbox, announcer, refresh, onGone }) {
    this.#api = api;
    this.#conversation = conversation;
    this.#outbox = outbox;
    this.#announcer = announcer;
    this.#refresh = refresh;
    this.#onGone = onGone;
  }

  /** @param {Action} action @param {string} id @param {HTMLButtonElement} button */
  run(action, id, button) {
    if (action === "resend") return this.#outbox.retry(id);
    if (action === "discard") return this.#outbox.discard(id);
    const message = this.#conversation().transcript.message(id);
    const element = /** @type {HTMLElement} */ (button.closest("[data-message-id]"));
    if (!message) return;
    clearProblem(element);
    if (action === "copy") void this.#copy(message, button);
    else if (action === "stop") this.#stop(message);
    else if (action === "retry") void this.#retry(message, element);
    else void this.#rate(action, message, element, button);
  }

  /** @param {Message} message @param {HTMLButtonElement} button */
  async #copy(message, button) {
    const copied = await copyText(message.content);
    this.#announcer.say(copied ? gettext("Copied") : gettext("The browser did not allow copying."));
    if (!copied) return;
    setIcon(find(".icon", button), "check");
    setTimeout(() => setIcon(find(".icon", button), "copy"), TICK_FOR);
  }

  /** @param {Message} message */
  #stop({ reply }) {
    if (reply) this.#conversation().stop(reply.id);
    this.#onGone();
  }

  /** @param {Message} message @param {HTMLElement} element */
  async #retry(message, element) {
    try {
      const asked = await this.#conversation().retry(message.id);
      if (asked) this.#onGone();
      else showProblem(element, requestSentence({ code: "offline", message: "" }));
    } catch (error) {
      showProblem(element, requestSentence(problemOf(error)));
    }
  }

  /**
   * A thumb that is pressed again is taken back.
   *
   * @param {"like" | "dislike"} type
   * @param {Message} message
   * @param {HTMLElement} element
   * @param {HTMLButtonElement} button
   */
  async #rate(type, message, element, button) {
    const wanted = message.feedback?.type === type ? null : type;
    element.querySelector(".feedback, .thanks")?.remove();
    try {
      await this.#give(message, wanted, "");
      if (wanted === "dislike") this.#askWhy(message, element, button);
    } catch (error) {
      showProblem(element, requestSentence(problemOf(error)));
    }
  }

  /** @param {Message} message @param {HTMLElement} element @param {HTMLButtonElement} button */
  #askWhy(message, element, button) {
    askForReasons({
      after: find(".actions", element),
      send: async (suggestion) => {
        await this.#give(message, "dislike", suggestion);
        this.#thank(element);
      },
      explain: (error) => requestSentence(problemOf(error)),
      onLeave: () => button.focus(),
    });
  }

  /** @param {Message} message @param {"like" | "dislike" | null} type @param {string} suggestion */
  async #give(message, type, suggestion) {
    const { feedback } = await this.#api.giveFeedback(message.id, { type, suggestion });
    message.feedback = feedback;
    this.#refresh();
  }

  /** @param {HTMLElement} element */
  #thank(element) {
    const line = document.createElement("p");
    line.className = "thanks";
    line.textContent = gettext("Thank you. Your feedback was sent.");
    find(".actions", element).after(line);
    this.#announcer.say(line.textContent);
  }
}

/** Say under a message why something did not work. @param {HTMLElement} element @param {string} sentence */
export function showProblem(element, sentence) {
  const line = element.querySelector("[data-problem]");
  if (!(line instanceof HTMLElement)) return;
  find("span", line).textContent = sentence;
  line.hidden = false;
}

/** @param {HTMLElement} element */
function clearProblem(element) {
  const line = element.querySelector("[data-problem]");
  if (line instanceof HTMLElement) line.hidden = true;
}
