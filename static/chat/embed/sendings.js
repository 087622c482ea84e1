// @ts-check
/** Messages that the page around has sent, and waits to hear of. */

import { Refusal } from "./host.js";

/** @import { Message, Problem } from "../types.js" */

export class Sendings {
  /** @type {Map<string, {resolve: (result: unknown) => void, reject: (reason: Refusal) => void}>} */
  #waiting = new Map();

  /** @param {string} id @returns {Promise<unknown>} */
  wait(id) {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** @param {Message} message */
  done({ id, conversation }) {
    this.#waiting.get(id)?.resolve({ id, conversationId: conversation });
    this.#waiting.delete(id);
  }

  /** @param {string} id @param {Problem} problem */
  failed(id, problem) {
    this.#waiting.get(id)?.reject(new Refusal(problem));
    this.#waiting.delete(id);
  }
}
