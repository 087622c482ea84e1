// @ts-check
/** Reads older messages when the reader comes near the beginning of what is shown. */

import { problemOf } from "./conversation.js";
import { find } from "./dom.js";
import { requestSentence } from "./errors.js";

/** @import { OpenConversation } from "./conversation.js" */

export class Older {
  #sentinel = find("#older");
  #problem = find("#older-problem");
  #conversation;
  #near;

  /** @param {HTMLElement} scroller @param {() => OpenConversation} conversation The open one. */
  constructor(scroller, conversation) {
    this.#conversation = conversation;
    this.#near = new IntersectionObserver(([older]) => older?.isIntersecting && void this.#load(), {
      root: scroller,
      rootMargin: "600px 0px 0px",
    });
    this.#near.observe(this.#sentinel);
    find("button", this.#problem).addEventListener("click", () => void this.#load());
  }

  async #load() {
    if (!this.#conversation().hasOlder) return;
    try {
      await this.#conversation().loadOlder();
      this.#problem.hidden = true;
      // Still near: it is looked at again.
      this.#near.unobserve(this.#sentinel);
      this.#near.observe(this.#sentinel);
    } catch (error) {
      find("span", this.#problem).textContent = requestSentence(problemOf(error));
      this.#problem.hidden = false;
    }
  }
}
