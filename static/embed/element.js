// @ts-check
/**
 * `<parley-chat web-chat="…" base-url="…">`: the chat in the page itself. Its events are DOM events under the names of
 * `events.on`, with the same detail.
 */

import { emit } from "./events.js";
import { make, ownRoot } from "./marks.js";
import { readOptions } from "./options.js";
import { makePanel } from "./panel.js";

/** @import { Panel } from "./panel.js" */

class ParleyChat extends HTMLElement {
  static observedAttributes = ["identity", "lang"];

  /** @type {Panel | null} */
  #panel = null;

  connectedCallback() {
    // Set by the page's script between making the element and putting it there, or right after.
    queueMicrotask(() => this.isConnected && !this.#panel && this.#begin());
  }

  disconnectedCallback() {
    queueMicrotask(() => this.isConnected || this.#end());
  }

  /** @param {string} name @param {string | null} before @param {string | null} value */
  attributeChangedCallback(name, before, value) {
    if (value === before) return;
    if (name === "lang") this.#panel?.speak(value ?? "");
    else this.#panel?.identify(value);
  }

  #begin() {
    /** @type {Record<string, unknown>} */
    const given = {};
    this.getAttributeNames().forEach((name) => (given[camelCased(name)] = this.getAttribute(name)));
    given.webChatId = given.webChat;
    // A function and an object are properties. They are no fields of the class: those would begin empty, and forget what
    // a page has set before this script came.
    const options = readOptions(Object.assign(given, this));
    if (!options) return console.error("Parley: <parley-chat> needs web-chat, and base-url with an address", this);
    const box = ownRoot(this);
    const place = make("div", "inline");
    if (options.theme) box.dataset.theme = options.theme;
    const panel = (this.#panel = makePanel(
      options,
      {
        close: () => {},
        unread: (count) => this.#emit("unread", { count }),
        event: (name, detail) => this.#emit(name, detail),
      },
      true,
    ));
    box.appendChild(place);
    panel.load(place);
  }

  #end() {
    this.#panel?.end();
    this.#panel = null;
  }

  /** @param {string} name @param {unknown} [detail] */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
    emit(name, detail);
  }
}

/** @param {string} name An attribute's. */
const camelCased = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

/** Once in a page, whoever comes first. */
export function defineElement() {
  if (!customElements.get("parley-chat")) customElements.define("parley-chat", ParleyChat);
}
