// @ts-check
/** The messages of the open conversation, on the page. */

import { dayOf } from "./days.js";
import { find } from "./dom.js";
import { IncomingView } from "./incoming.js";
import { OutgoingView } from "./outgoing.js";
import { isOpen } from "./transcript.js";

/** @import { Delivery } from "./incoming.js" */
/** @import { Message } from "./types.js" */

/** @typedef {"copy" | "like" | "dislike" | "retry" | "stop" | "resend" | "discard"} Action */

export class Thread {
  #element;
  #speaker;
  /** @type {Map<string, IncomingView | OutgoingView>} */
  #views = new Map();

  /**
   * @param {HTMLElement} element
   * @param {object} options
   * @param {() => {name: string, documents: number}} options.speaker Who replies in this conversation.
   * @param {(action: Action, id: string, button: HTMLButtonElement) => void} options.onAction
   */
  constructor(element, { speaker, onAction }) {
    this.#element = element;
    this.#speaker = speaker;
    element.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("button[data-action]") : null;
      const id = button?.closest("[data-message-id]")?.getAttribute("data-message-id");
      if (!(button instanceof HTMLButtonElement) || !id) return;
      onAction(/** @type {Action} */ (button.dataset.action), id, button);
    });
  }

  /**
   * Show these messages, in this order. What is on the page already stays as it is.
   *
   * @param {Message[]} messages
   * @param {(id: string) => Delivery} deliveryOf
   */
  render(messages, deliveryOf) {
    this.#forget(new Set(messages.map(({ id }) => id)));
    let running = false;
    let day = "";
    let place = find(".older", this.#element).nextElementSibling;
    for (const message of messages) {
      const view = this.#viewOf(message);
      if (view instanceof IncomingView) {
        view.update(message, deliveryOf(message.id));
        day = this.#markDay(view, message, day);
      } else {
        view.update(message, { waits: running });
        running ||= isOpen(message);
      }
      if (view.element === place) place = place.nextElementSibling;
      else this.#element.insertBefore(view.element, place);
    }
  }

  /** A reply's text grew. @param {string} id */
  grow(id) {
    const view = this.#views.get(id);
    if (view instanceof OutgoingView) view.grow();
  }

  /** @param {string} id */
  view(id) {
    return this.#views.get(id);
  }

  /** The passage behind a number or chip. @param {HTMLElement} anchor */
  citation(anchor) {
    const view = this.#views.get(anchor.closest("[data-message-id]")?.getAttribute("data-message-id") ?? "");
    return view instanceof OutgoingView ? view.citation(Number(anchor.dataset.number)) : undefined;
  }

  /** The first text that can be seen, by which a reader's place is held. @param {number} top */
  firstBelow(top) {
    const texts = [...this.#element.querySelectorAll(".bubble, .prose:not([hidden])")];
    return texts.find((text) => text.getBoundingClientRect().bottom > top) ?? null;
  }

  clear() {
    this.#forget(new Set());
  }

  /** @param {Message} message */
  #viewOf(message) {
    const known = this.#views.get(message.id);
    if (known) return known;
    const view = message.type === "incoming" ? new IncomingView() : new OutgoingView(message, this.#speaker);
    view.element.dataset.messageId = message.id;
    // What the person or the model wrote, to the character; the page shows it rendered.
    Object.defineProperty(view.element, "source", { get: () => view.source });
    this.#views.set(message.id, view);
    return view;
  }

  /** A line above the first message of each day but today's. @param {IncomingView} view @param {Message} message @param {string} day */
  #markDay(view, message, day) {
    const today = dayOf(Number(message.createdAt));
    const line = find(".day", view.element);
    line.textContent = today;
    line.hidden = today === day || (day === "" && today === gettext("Today"));
    return today;
  }

  /** @param {Set<string>} kept */
  #forget(kept) {
    for (const [id, view] of this.#views) {
      if (kept.has(id)) continue;
      view.dispose();
      view.element.remove();
      this.#views.delete(id);
    }
  }
}
