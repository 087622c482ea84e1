// @ts-check
/**
 * The one script that a site loads: `window.MaiAgent` and `window.Parley`, the same object, exist as soon as it has run,
 * and what is called on them waits until there is a page to do it in. docs/embed.md describes them.
 *
 * A page that loads it twice has one chat: the second script finds the first and only tells it to start.
 */

import { defineElement, inline } from "./element.js";
import { Events } from "./events.js";
import { pageOptions } from "./options.js";
import { Widget } from "./widget.js";
import { wordsFor } from "./words.js";

/** @import { Identity, Options } from "./options.js" */
/** @import { Panel } from "./panel.js" */

/** Where the first script has put `start`, for the second. */
const START = Symbol.for("parley.start");
const global = /** @type {any} */ (window);

/** @type {Widget | null} */
let widget = null;
/** @type {Options | null} */
let options = null;
/** @type {((it: Widget) => void)[]} What was called before there was a page. */
let queue = [];
const events = new Events();

/** Make the button, when the page has set what it needs; once. */
function start() {
  if (widget || !document.body) return;
  options = pageOptions();
  if (!options) return;
  const it = (widget = new Widget(options, (name, detail) => events.emit(name, detail)));
  queue.splice(0).forEach((call) => call(it));
}

/** @param {(it: Widget) => void} call */
function soon(call) {
  if (widget) call(widget);
  else queue.push(call);
}

/** The frame of the button, else the first one that stands in the page. @param {(panel: Panel) => void} use */
function withPanel(use) {
  const standing = !widget && inline[0]?.panel;
  if (standing) return use(standing);
  soon((it) => {
    it.load();
    use(it.panel);
  });
}

/** @param {"send" | "clearHistory" | "newConversation"} type @param {string} [content] @returns {Promise<unknown>} */
const call = (type, content) =>
  new Promise((resolve, reject) => withPanel((panel) => panel.call(type, content).then(resolve, reject)));

const api = {
  control: {
    open: () => soon((it) => it.open()),
    close: () => soon((it) => it.close()),
    isOpen: () => !!widget?.isOpen(),
    /** @param {string} message */
    propose: (message) => soon((it) => it.propose(`${message}`)),
    destroy() {
      widget?.end();
      widget = null;
      queue = [];
    },
  },
  chat: {
    /** @param {string} content */
    send: (content) =>
      typeof content === "string" ? call("send", content) : Promise.reject(new TypeError("send(content) needs a string")),
    clearHistory: () => call("clearHistory"),
    newConversation: () => call("newConversation"),
  },
  events: {
    /** @param {string} name @param {(detail: any) => void} callback */
    on: (name, callback) => events.on(name, callback),
    /** @param {string} name @param {(detail: any) => void} callback */
    off: (name, callback) => events.off(name, callback),
  },
  lang: {
    /** @param {string} code */
    set: (code) =>
      soon((it) => {
        it.panel.speak(`${code}`);
        it.speak();
      }),
    get: () => options?.lang || wordsFor().code,
  },
  identity: {
    /** @param {Identity | null} identity */
    set: (identity) => soon((it) => it.panel.identify(identity)),
    clear: () => soon((it) => it.panel.identify(null)),
  },
  [START]: start,
};

/** When the page is there. Another handler of its own for that stays, and is called first. */
function begin() {
  if (document.readyState === "complete") return start();
  window.addEventListener("load", start);
  const chain = () => {
    const { body } = document;
    const before = body.onload;
    body.onload = function (event) {
      const result = before?.call(/** @type {any} */ (this), event);
      start();
      return result;
    };
  };
  if (document.body) chain();
  else document.addEventListener("DOMContentLoaded", chain);
}

/** @param {string} name */
function publish(name) {
  // An element with this id is found under it too, and is nobody's object.
  if (!global[name] || global[name] instanceof Element) global[name] = api;
}

if (global.Parley?.[START]) global.Parley[START]();
else {
  publish("Parley");
  publish("MaiAgent");
  defineElement();
  begin();
}
