// @ts-check
/** One frame with the chat: made when it is first needed, spoken to through its own channel. */

import { answerFrame, LOADED } from "../chat/embed/protocol.js";
import { recall, remember } from "./memory.js";

/** @import { Config, ToFrame, ToHost } from "../chat/embed/protocol.js" */
/** @import { Options } from "./options.js" */

/**
 * `loading`: nothing heard yet. `slow`: nothing heard for long. `refused`: the page came, or the browser's own in its
 * place, and does not speak. `ready`: it takes calls.
 *
 * @typedef {"loading" | "slow" | "refused" | "ready"} State
 *
 * @typedef {object} Listener
 * @property {(state: State) => void} state
 * @property {() => void} close
 * @property {(count: number) => void} unread
 * @property {(name: string, detail?: unknown) => void} event
 *
 * @typedef {{resolve: (result: unknown) => void, reject: (error: Error) => void}} Call
 */

const SLOW_AFTER = 4000;
const REFUSED_AFTER = 10_000;
const REFUSED = "The chat cannot be shown on this site.";
const ALLOW = "microphone; camera; clipboard-read; clipboard-write; autoplay; fullscreen";

export class Panel {
  /** Whether the visitor sees it. */
  opened = false;
  /** @type {State} */
  state = "loading";
  /** @type {HTMLIFrameElement | null} */
  frame = null;

  #options;
  #listener;
  #inline;
  /** @type {{post: (message: ToFrame) => void} | null} */
  #line = null;
  /** @type {ToFrame[]} */
  #waiting = [];
  /** @type {Map<string, Call>} */
  #calls = new Map();
  #hellos = 0;
  #count = 0;
  #focusing = false;
  #stop = () => {};

  /** @param {Options} options @param {Listener} listener @param {boolean} [inline] */
  constructor(options, listener, inline = false) {
    this.#options = options;
    this.#listener = listener;
    this.#inline = inline;
  }

  get address() {
    const { baseUrl, webChatId, lang } = this.#options;
    return `${baseUrl}/${encodeURIComponent(webChatId)}${lang ? `?lang=${encodeURIComponent(lang)}` : ""}`;
  }

  /** Put the frame there, unless it stands somewhere already. @param {Node} place @param {string} title */
  load(place, title) {
    if (this.frame) return;
    const frame = (this.frame = document.createElement("iframe"));
    frame.name = LOADED;
    frame.title = title;
    frame.allow = ALLOW;
    frame.src = this.address;
    frame.onload = () => {
      frame.onload = null;
      this.#unlessHeard(REFUSED_AFTER, () =>
        // What came and says nothing is the browser's own page, in the place of ours.
        this.#refuse(
          `${this.address} did not answer. Is ${location.origin} one of its allowed origins, and does this page's ` +
            "Content-Security-Policy allow it in frame-src?",
        ),
      );
    };
    this.#stop = answerFrame(
      frame,
      new URL(this.address).origin,
      (open) => this.#connect(open),
      (message) => this.#receive(message),
    );
    place.appendChild(frame);
    this.#unlessHeard(SLOW_AFTER, () => this.#enter("slow"));
  }

  /**
   * Something that the frame shall do, now or when it is ready.
   *
   * @param {"send" | "clearHistory" | "newConversation"} type @param {string} [content]
   * @returns {Promise<unknown>}
   */
  call(type, content = "") {
    const id = `${(this.#count += 1)}`;
    const result = new Promise((resolve, reject) => {
      if (this.state === "refused") return reject(failure("frame_refused", REFUSED));
      this.#calls.set(id, { resolve, reject });
      /** @type {ToFrame} */
      const message = type === "send" ? { type, id, content } : { type, id };
      if (this.state === "ready") this.post(message);
      else this.#waiting.push(message);
    });
    // Who does not ask for the result shall not be told of it as of an error of the page's own.
    result.catch(() => {});
    return result;
  }

  /** To a frame that is ready; others learn it when they are. @param {ToFrame} message */
  post(message) {
    if (this.state === "ready") this.#line?.post(message);
  }

  /** @param {boolean} opened */
  show(opened) {
    this.opened = opened;
    this.post({ type: "shown", opened });
  }

  /** Another language, at once if the frame is there. @param {string} code */
  speak(code) {
    this.#options.lang = code;
    this.post({ type: "lang", code });
  }

  /** Another identity, or nobody any more. @param {Options["identity"]} identity */
  identify(identity) {
    this.#options.identity = identity;
    void this.#tellIdentity();
  }

  /** Now, and once more when it is ready, unless the visitor has gone elsewhere by then. */
  focus() {
    this.frame?.focus();
    this.post({ type: "focus" });
    this.#focusing = true;
  }

  end() {
    this.#stop();
    this.frame?.remove();
    this.frame = null;
    this.#hellos += 1;
    this.#rejectAll("ended", "The chat was taken away.");
  }

  /** @param {(config: Config) => {post: (message: ToFrame) => void}} open */
  async #connect(open) {
    const hello = (this.#hellos += 1);
    if (this.#line) this.#rejectAll("frame_reloaded", "The chat was loaded again.");
    this.#line = null;
    this.#enter("loading");
    const identity = await this.#identity();
    if (hello !== this.#hellos) return;
    const { lang, contactId, queryMetadata, theme } = this.#options;
    try {
      this.#line = open({ opened: this.opened, inline: this.#inline, lang, contactId, identity, queryMetadata, theme });
    } catch (error) {
      // Left out, queryMetadata would show more than the page meant to: no chat rather than that.
      this.#refuse(`The configuration cannot be passed on: ${error}`);
    }
  }

  /** @param {ToHost} message */
  #receive(message) {
    switch (message.type) {
      case "ready":
        this.#enter("ready");
        this.post({ type: "shown", opened: this.opened });
        // Chromium may lose it while the page comes: the frame has the focus then, and what is in it has not.
        if (this.#focusing && /** @type {any} */ (this.frame?.getRootNode()).activeElement === this.frame) {
          this.frame?.blur();
          this.focus();
        }
        this.#focusing = false;
        this.#waiting.splice(0).forEach((one) => this.post(one));
        return this.#listener.event("ready");
      case "done": {
        const call = this.#calls.get(message.id);
        this.#calls.delete(message.id);
        if (message.error) call?.reject(failure(message.error.code, message.error.message));
        else call?.resolve(message.result);
        return;
      }
      case "close":
        return this.#listener.close();
      case "unread":
        return this.#listener.unread(message.count);
      case "event":
        return this.#listener.event(message.name, message.detail);
      case "load":
        return this.#line?.post({ type: "stored", value: recall("localStorage", this.#options.webChatId) });
      case "store":
        return remember("localStorage", this.#options.webChatId, message.value);
      case "identityWanted":
        void this.#tellIdentity();
    }
  }

  async #tellIdentity() {
    const line = this.#line;
    if (!line) return;
    const token = (await this.#identity()) ?? null;
    if (line === this.#line) line.post({ type: "identity", token });
  }

  /** The signed identity, asked for anew where the page gave a function. */
  async #identity() {
    const { identity } = this.#options;
    try {
      const token = typeof identity === "function" ? await identity() : identity;
      if (typeof token === "string") return token;
    } catch (error) {
      console.error("Parley: no identity:", error);
    }
    return undefined;
  }

  /** @param {number} milliseconds From now on. @param {() => void} act */
  #unlessHeard(milliseconds, act) {
    setTimeout(() => this.#hellos || act(), milliseconds);
  }

  /** @param {string} reason */
  #refuse(reason) {
    console.error(`Parley: ${reason}`);
    this.#enter("refused");
    this.#rejectAll("frame_refused", REFUSED);
    this.#listener.event("error", { code: "frame_refused", message: reason });
  }

  /** @param {string} code @param {string} message */
  #rejectAll(code, message) {
    this.#waiting = [];
    this.#calls.forEach((call) => call.reject(failure(code, message)));
    this.#calls.clear();
  }

  /** @param {State} state */
  #enter(state) {
    this.state = state;
    this.#listener.state(state);
  }
}

/** @param {string} code @param {string} message */
function failure(code, message) {
  const error = /** @type {Error & {code: string}} */ (new Error(message));
  error.code = code;
  return error;
}
