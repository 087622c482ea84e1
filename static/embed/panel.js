// @ts-check
/** One frame with the chat: made when it is first needed, spoken to through its own channel. */

import { answerFrame, LOADED, object } from "../chat/embed/protocol.js";
import { recall, remember } from "./memory.js";
import { makeNotice } from "./notice.js";
import { wordsFor } from "./words.js";

/** @import { Config, Line, ToFrame, ToHost } from "../chat/embed/protocol.js" */
/** @import { Identity, Options } from "./options.js" */

/**
 * `loading`: nothing heard yet. `slow`: nothing heard for long. `refused`: the page came, or the browser's own in its
 * place, and does not get ready. `ready`: it takes calls.
 *
 * @typedef {"loading" | "slow" | "refused" | "ready"} State
 *
 * @typedef {object} Listener
 * @property {() => void} close
 * @property {(count: number) => void} unread
 * @property {(name: string, detail?: unknown) => void} event
 *
 * @typedef {{resolve: (result: unknown) => void, reject: (error: Error) => void}} Call
 * @typedef {object} Panel
 * @property {() => boolean} isOpen Whether the visitor sees it.
 * @property {() => string | undefined} lang
 * @property {(place: ParentNode) => void} load
 * @property {(type: "send" | "clearHistory" | "newConversation", content?: string) => Promise<unknown>} call
 * @property {(seen: boolean) => void} show
 * @property {(code: string) => void} speak
 * @property {(identity: Identity | null) => void} identify
 * @property {() => void} focus
 * @property {() => void} end
 */

const SLOW_AFTER = 4000;
const REFUSED_AFTER = 10_000;
const REFUSED = "The chat cannot be shown on this site.";
const ALLOW = "clipboard-write; fullscreen";

/** Those that are there. @type {Panel[]} */
export const panels = [];

/** @param {Options} options @param {Listener} listener @param {boolean} inline It stands in the page, always seen. @returns {Panel} */
export function makePanel(options, listener, inline) {
  const { baseUrl, webChatId, contactId, queryMetadata: given, theme } = options;
  const notice = makeNotice(listener.close, !inline);
  /** Where it is kept that somebody has logged out. */
  const left = `${webChatId}.left`;
  let opened = inline;
  /** @type {State} */
  let state = "loading";
  /** @type {HTMLIFrameElement | null} */
  let frame = null;
  /** @type {Line<ToFrame> | null} */
  let line = null;
  /** @type {ToFrame[]} */
  let waiting = [];
  /** @type {Map<string, Call>} */
  const calls = new Map();
  let hellos = 0;
  let count = 0;
  let focusing = false;
  let timer = 0;
  let stop = () => {};

  const address = () =>
    `${baseUrl}/${encodeURIComponent(webChatId)}${options.lang ? `?lang=${encodeURIComponent(options.lang)}` : ""}`;

  /** Put the frame there, unless it stands somewhere already; anew if it was refused. @param {ParentNode} place */
  function load(place) {
    // The server may have been away for a moment, and the frame shows the browser's own page for that.
    if (frame && state !== "refused") return;
    leave();
    frame = document.createElement("iframe");
    frame.name = LOADED;
    frame.title = wordsFor(options.lang).title;
    frame.allow = ALLOW;
    frame.src = address();
    // What came and says nothing is the browser's own page, in the place of ours.
    frame.addEventListener("load", expectReady, { once: true });
    stop = answerFrame(frame, new URL(baseUrl).origin, connect, receive);
    place.append(notice.element, frame);
    enter("loading");
    timer = setTimeout(() => enter("slow"), SLOW_AFTER);
  }

  /**
   * Something that the frame shall do, now or when it is ready.
   *
   * @param {"send" | "clearHistory" | "newConversation"} type @param {string} [content] Of a message.
   * @returns {Promise<unknown>}
   */
  function call(type, content) {
    const id = `${(count += 1)}`;
    const message = /** @type {ToFrame} */ ({ type, id, content });
    const { parentNode } = notice.element;
    if (parentNode) load(parentNode);
    if (state === "ready") post(message);
    else waiting.push(message);
    return new Promise((resolve, reject) => calls.set(id, { resolve, reject }));
  }

  /** To a frame that is ready; others learn it when they are. @param {ToFrame} message */
  function post(message) {
    if (state === "ready") line?.post(message);
  }

  /** @param {boolean} seen */
  function show(seen) {
    opened = seen;
    post({ type: "shown", opened });
  }

  /** Another language, at once if the frame is there. @param {string} code */
  function speak(code) {
    options.lang = code;
    // Also to one that gets ready just now: what it was told first is the former.
    line?.post({ type: "lang", code });
    enter(state);
  }

  /** Another identity, or nobody any more. @param {Identity | null} identity */
  function identify(identity) {
    options.identity = identity ?? "";
    // Of who has logged out a frame learns when it comes, maybe on another page of the site.
    remember(left, identity ? null : "");
    void tellIdentity();
  }

  /** Now, and once more when it is ready, unless the visitor has gone elsewhere by then. */
  function focus() {
    frame?.focus();
    post({ type: "focus" });
    focusing = true;
  }

  function end() {
    panels.splice(panels.indexOf(panel), 1);
    leave();
    rejectAll("ended", "The chat was taken away.");
  }

  /** Nothing is heard of the frame any more. */
  function leave() {
    clearTimeout(timer);
    stop();
    frame?.remove();
    line = null;
    hellos += 1;
  }

  /** @param {(config: Config) => Line<ToFrame>} open */
  async function connect(open) {
    const hello = (hellos += 1);
    if (line) rejectAll("frame_reloaded", "The chat was loaded again.");
    line = null;
    enter("loading");
    expectReady();
    const identity = (await identityNow()) ?? recall(left) ?? undefined;
    if (hello !== hellos) return;
    try {
      const queryMetadata = typeof given === "string" ? JSON.parse(given) : given;
      if (given !== undefined && !object(queryMetadata)) throw new TypeError("queryMetadata is no object");
      line = open({ opened, inline, lang: options.lang, contactId, identity, queryMetadata, theme });
    } catch (error) {
      // Left out, queryMetadata would show more than the page meant to: no chat rather than that.
      refuse(`The configuration cannot be passed on: ${error}`);
    }
  }

  /** @param {ToHost} message */
  function receive(message) {
    switch (message.type) {
      case "ready":
        enter("ready");
        remember(left, null);
        post({ type: "shown", opened });
        // Chromium may lose it while the page comes: the frame has the focus then, and what is in it has not.
        if (focusing && /** @type {any} */ (frame?.getRootNode()).activeElement === frame) {
          frame?.blur();
          focus();
        }
        focusing = false;
        waiting.splice(0).forEach(post);
        return listener.event("ready");
      case "done": {
        const asked = calls.get(message.id);
        calls.delete(message.id);
        if (message.error) asked?.reject(failure(message.error.code, message.error.message));
        else asked?.resolve(message.result);
        return;
      }
      case "close":
        return listener.close();
      case "unread":
        return listener.unread(message.count);
      case "event":
        return listener.event(message.name, message.detail);
      case "load":
        return line?.post({ type: "stored", value: recall(webChatId) });
      case "store":
        return remember(webChatId, message.value);
      case "identityWanted":
        void tellIdentity();
    }
  }

  async function tellIdentity() {
    const before = line;
    if (!before) return;
    const token = await identityNow();
    if (token !== undefined && before === line) before.post({ type: "identity", token });
  }

  /**
   * The signed identity, asked for anew where the page gave a function; undefined if there is nothing to say.
   *
   * @returns {Promise<string | undefined>}
   */
  async function identityNow() {
    const { identity } = options;
    let token;
    try {
      token = typeof identity === "function" ? `${(await identity()) || ""}` : identity;
    } catch (error) {
      console.error("Parley: no identity:", error);
    }
    // Meanwhile the page may have said something else.
    return identity === options.identity ? token : identityNow();
  }

  /** From now on. */
  function expectReady() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (state === "ready") return;
      refuse(
        `${address()} did not answer. Is ${location.origin} one of its allowed origins, does this page's ` +
          "Content-Security-Policy allow it in frame-src, does the function for identity return?",
      );
    }, REFUSED_AFTER);
  }

  /** @param {string} reason */
  function refuse(reason) {
    console.error(`Parley: ${reason}`);
    enter("refused");
    rejectAll("frame_refused", REFUSED);
    listener.event("error", { code: "frame_refused", message: reason });
  }

  /** @param {string} code @param {string} message */
  function rejectAll(code, message) {
    waiting = [];
    calls.forEach((one) => one.reject(failure(code, message)));
    calls.clear();
  }

  /** @param {State} next */
  function enter(next) {
    state = next;
    // In a tab of its own nothing would be said of the visitor and of what answers may use.
    const bare = (given ?? contactId ?? options.identity) === undefined;
    notice.tell(state, bare ? address() : "", options.lang);
  }

  const panel = {
    isOpen: () => opened,
    lang: () => options.lang,
    load,
    call,
    show,
    speak,
    identify,
    focus,
    end,
  };
  panels.push(panel);
  return panel;
}

/** @param {string} code @param {string} message */
export function failure(code, message) {
  return Object.assign(new Error(message), { code });
}
