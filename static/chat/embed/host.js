// @ts-check
/** The page around the chat: a loader's, with which the frame speaks (`protocol.js`), or one that knows nothing of it. */

import { callHost, inList, siteWithoutLoader } from "./protocol.js";

/** @import { Config, EventName, Failure, Line, ToFrame, ToHost } from "./protocol.js" */

/**
 * What the page around may ask for. What it throws is told to the page.
 *
 * @typedef {object} Orders
 * @property {(opened: boolean) => void} shown
 * @property {(content: string) => Promise<unknown>} send
 * @property {() => Promise<unknown>} clearHistory
 * @property {() => Promise<unknown>} newConversation
 * @property {(code: string) => void} lang
 * @property {(token: string | null) => void} identity
 * @property {() => void} focus
 */

/** A refusal that the page around reads. */
export class Refusal extends Error {
  /** @param {Failure} failure */
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

/** @type {Config} What there is without a loader. */
const ALONE = { opened: true };
const ANSWER_WITHIN = 2000;

export class Host {
  config = ALONE;
  /** Undefined until it is known for certain. @type {string | undefined} */
  site;
  /** Whether there is a loader, which can close the frame and hears what happens in it. */
  connected = false;
  /** Whether the visitor sees the frame, as far as the loader knows. */
  opened = true;

  #allowed;
  /** @type {Line<ToHost> | null} */
  #line = null;
  /** @type {Orders | null} */
  #orders = null;
  /** @type {ToFrame[]} What was asked for before there was somebody to do it. */
  #early = [];
  #count = 0;
  /** @type {((value: string | null | undefined) => void) | null} */
  #onStored = null;

  /** @param {string[]} allowed The origins that may embed the chat. */
  constructor(allowed) {
    this.#allowed = [...allowed, location.origin];
    if (parent === window) this.site = "";
    else this.site = location.ancestorOrigins?.[0];
  }

  /** Look for a loader. Resolves when it is certain whether there is one. */
  async meet() {
    const met = await callHost(
      (origin) => inList(origin, this.#allowed),
      (message) => this.#receive(message),
    );
    this.site = met?.site ?? this.site ?? siteWithoutLoader();
    if (!met) return;
    this.#line = met.line;
    this.config = met.config;
    this.opened = met.config.opened;
    this.connected = true;
  }

  /** From now on orders are carried out. @param {Orders} orders */
  serve(orders) {
    this.#orders = orders;
    this.#line?.post({ type: "ready" });
    for (const message of this.#early.splice(0)) this.#receive(message);
  }

  close() {
    this.#line?.post({ type: "close" });
  }

  /** @param {number} count */
  unread(count) {
    if (count === this.#count) return;
    this.#count = count;
    this.#line?.post({ type: "unread", count });
  }

  /** @param {EventName} name @param {Record<string, unknown>} detail */
  tell(name, detail) {
    this.#line?.post({ type: "event", name, detail });
  }

  /** Ask the site who its visitor is. */
  wantIdentity() {
    this.#line?.post({ type: "identityWanted" });
  }

  /** What the page around keeps; undefined if it does not answer. @returns {Promise<string | null | undefined>} */
  load() {
    const line = this.#line;
    if (!line) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#onStored = resolve;
      line.post({ type: "load" });
      setTimeout(() => resolve(undefined), ANSWER_WITHIN);
    });
  }

  /** @param {string | null} value */
  store(value) {
    this.#line?.post({ type: "store", value });
  }

  /** @param {ToFrame} message */
  #receive(message) {
    if (message.type === "stored") this.#onStored?.(message.value);
    else if (!this.#orders) this.#early.push(message);
    else this.#carryOut(message, this.#orders);
  }

  /** @param {ToFrame} message @param {Orders} orders */
  #carryOut(message, orders) {
    switch (message.type) {
      case "shown":
        this.opened = message.opened;
        return orders.shown(message.opened);
      case "send":
        return void this.#answer(message.id, orders.send(message.content));
      case "clearHistory":
        return void this.#answer(message.id, orders.clearHistory());
      case "newConversation":
        return void this.#answer(message.id, orders.newConversation());
      case "lang":
        return orders.lang(message.code);
      case "identity":
        return orders.identity(message.token);
      case "focus":
        return orders.focus();
    }
  }

  /** @param {string} id @param {Promise<unknown>} doing */
  async #answer(id, doing) {
    try {
      this.#line?.post({ type: "done", id, result: await doing });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#line?.post({ type: "done", id, error: { code: error.code, message: error.message } });
    }
  }
}
