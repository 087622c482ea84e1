// @ts-check
/**
 * `<parley-chat web-chat="…" base-url="…">`: the chat in the page itself. Its events are DOM events under the names of
 * `events.on`, with the same detail.
 */

import { make, ownRoot } from "./marks.js";
import { Notice } from "./notice.js";
import { readOptions } from "./options.js";
import { Panel } from "./panel.js";
import { wordsFor } from "./words.js";

/** @type {Record<string, string>} */
const ATTRIBUTES = {
  webChatId: "web-chat",
  baseUrl: "base-url",
  contactId: "contact-id",
  identity: "identity",
  lang: "lang",
  theme: "theme",
};

/**
 * For a function and for an object. They are no fields of the class: those would begin empty, and forget what a page has
 * set before this script came.
 */
const PROPERTIES = ["identity", "queryMetadata"];
const { hasOwn } = Object;

/** Those in the page, the first first. @type {ParleyChat[]} */
export const inline = [];

class ParleyChat extends HTMLElement {
  /** @type {Panel | null} */
  panel = null;

  connectedCallback() {
    // Set by the page's script between making the element and putting it there, or right after.
    queueMicrotask(() => this.isConnected && !this.panel && this.#begin());
  }

  disconnectedCallback() {
    queueMicrotask(() => this.isConnected || this.#end());
  }

  #begin() {
    /** @type {Record<string, unknown>} */
    const given = {};
    Object.keys(ATTRIBUTES).forEach((name) => (given[name] = this.getAttribute(ATTRIBUTES[name] ?? "")));
    const own = /** @type {any} */ (this);
    PROPERTIES.forEach((name) => hasOwn(own, name) && (given[name] = own[name]));
    const options = readOptions(given);
    if (!options) return console.error("Parley: <parley-chat> needs web-chat, and base-url with an address", this);
    const box = ownRoot(this);
    const notice = new Notice(null);
    const place = make("div", "inline", notice.element);
    const tell = () => {
      place.dataset.state = panel.state;
      notice.tell(panel.state, panel.address, options.lang);
    };
    if (options.theme) box.dataset.theme = options.theme;
    const panel = (this.panel = new Panel(
      options,
      {
        state: tell,
        close: () => {},
        unread: (count) => this.#emit("unread", { count }),
        event: (name, detail) => this.#emit(name, detail),
      },
      true,
    ));
    inline.push(this);
    box.appendChild(place);
    tell();
    panel.opened = true;
    panel.load(place, wordsFor(options.lang).title);
  }

  #end() {
    this.panel?.end();
    this.panel = null;
    if (inline.indexOf(this) >= 0) inline.splice(inline.indexOf(this), 1);
  }

  /** @param {string} name @param {unknown} [detail] */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Once in a page, whoever comes first. */
export function defineElement() {
  if (!customElements.get("parley-chat")) customElements.define("parley-chat", ParleyChat);
}
