// @ts-check
/**
 * The one script that a site loads: `window.MaiAgent` and `window.Parley`, the same object, exist as soon as it has run,
 * and what is called on them waits until there is a page to do it in. docs/embed.md describes them.
 *
 * A page that loads it twice has one chat: the second script finds the first and only tells it to start.
 */

import { defineElement } from "./element.js";
import { emit, off, on } from "./events.js";
import { pageOptions } from "./options.js";
import { failure, panels } from "./panel.js";
import { makeWidget } from "./widget.js";
import { wordsFor } from "./words.js";

/** @import { Identity } from "./options.js" */
/** @import { Panel } from "./panel.js" */
/** @import { Widget } from "./widget.js" */

/** Where the first script has put `start`, for the second. */
const START = Symbol.for("parley.start");
const global = /** @type {any} */ (window);

/** @type {Widget | null} */
let widget = null;
/** @type {((it: Widget) => void)[]} What was called before there was a page. */
let queue = [];

/** Make the button, when the page has set what it needs; once. Where the body is another one, it comes into that. */
function start() {
  if (!document.body) return;
  if (widget) return widget.stand();
  const options = pageOptions();
  if (!options) return;
  const it = (widget = makeWidget(options, emit));
  queue.splice(0).forEach((call) => call(it));
}

/** @param {(it: Widget) => void} call */
function soon(call) {
  if (widget) call(widget);
  else queue.push(call);
}

/** All frames, and that of a button which is still to come. @param {(panel: Panel) => void} use */
function withAll(use) {
  panels.forEach(use);
  if (!widget) queue.push((it) => use(it.panel));
}

/**
 * To the frame of the button, else to the first one that stands in the page, once there is one or the page has come.
 *
 * @param {"send" | "clearHistory" | "newConversation"} type @param {string} [content] @returns {Promise<unknown>}
 */
async function call(type, content) {
  if (!panels[0])
    await new Promise((resolve) => {
      soon(resolve);
      // After all that hears of the page's coming, which may make the chat.
      if (document.readyState === "complete") setTimeout(resolve);
      else window.addEventListener("load", resolve);
    });
  widget?.load();
  const panel = widget?.panel ?? panels[0];
  if (!panel) throw failure("ended", "There is no chat on this page.");
  return panel.call(type, content);
}

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
    send: async (content) => {
      if (typeof content !== "string") throw new TypeError("send(content) needs a string");
      return call("send", content);
    },
    clearHistory: () => call("clearHistory"),
    newConversation: () => call("newConversation"),
  },
  events: { on, off },
  lang: {
    /** @param {string} code */
    set: (code) => {
      withAll((panel) => panel.speak(`${code}`));
      soon((it) => it.speak());
    },
    get: () => (widget?.panel ?? panels[0])?.lang() || wordsFor().code,
  },
  identity: {
    /** @param {Identity | null} identity */
    set: (identity) => withAll((panel) => panel.identify(identity)),
    clear: () => withAll((panel) => panel.identify(null)),
  },
  [START]: start,
};

/** When the page is there, and when it calls its own handler for that, which stays and is called first. */
function begin() {
  window.addEventListener("load", start);
  new MutationObserver(() => widget?.stand()).observe(document.documentElement, { childList: true });
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
  if (document.readyState === "complete") start();
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
