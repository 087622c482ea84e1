// @ts-check
/**
 * Messages on their way to the server. Each is kept in the browser until the server says that it has it, so that
 * neither a lost connection nor a reload loses one. They go out one at a time: the next when the one before is
 * stored, which keeps their order. A message may be sent twice (the answer was lost, or two tabs have it); its id
 * makes the server store it once.
 */

import { keys, read, write } from "./storage.js";

/** @import { Problem } from "./types.js" */

/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {string} conversation
 * @property {string} [chatbot] For the first message of a conversation.
 * @property {string} content
 * @property {number} createdAt
 * @property {Problem} [problem] Why the server did not take it.
 *
 * @typedef {object} OutboxOptions
 * @property {string} user Whose messages these are: another person at the same browser never sees them.
 * @property {(entry: Entry) => boolean} send False: there is no connection.
 * @property {(conversation: string) => void} onChange
 */

const ANSWER_WITHIN = 20_000;

/** After these the message stays first in line and goes out again by itself. Value: seconds to wait. */
const PASSING = new Map([
  ["rate_limited", 5],
  ["storage_busy", 2],
  ["storage_full", 30],
  ["slow_consumer", 2],
]);

/** Will a message with this problem go out again by itself? @param {Problem} problem */
export const passes = ({ code }) => PASSING.has(code);

export class Outbox {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  #options;
  #prefix;
  /** The entry that is out and not answered yet. */
  #flying = "";
  #timer = 0;
  #newest = 0;

  /** @param {OutboxOptions} options */
  constructor(options) {
    this.#options = options;
    this.#prefix = `parley.outbox.${options.user}.`;
    this.#load();
    addEventListener("storage", ({ key, newValue }) => key && newValue === null && this.#goneElsewhere(key));
  }

  /** What waits in a conversation, in the order of writing. @param {string} conversation @returns {Entry[]} */
  of(conversation) {
    return [...this.#entries.values()].filter((entry) => entry.conversation === conversation);
  }

  /** The first messages of conversations that the server does not know yet. */
  get firsts() {
    return [...this.#entries.values()].filter(
      ({ chatbot, conversation }, at, all) =>
        chatbot && all.findIndex((entry) => entry.conversation === conversation) === at,
    );
  }

  /** @param {Omit<Entry, "createdAt">} entry */
  add(entry) {
    // Two messages of one millisecond keep their order too.
    this.#newest = Math.max(Date.now(), this.#newest + 1);
    this.#keep({ ...entry, createdAt: this.#newest });
    this.flush();
  }

  /** Send what waits, if nothing is out. To be called whenever the connection is ready. */
  flush() {
    if (this.#flying || this.#timer) return;
    const entry = [...this.#entries.values()].find(({ problem }) => !problem || passes(problem));
    if (!entry || !this.#options.send(entry)) return;
    this.#flying = entry.id;
    this.#wait(ANSWER_WITHIN);
  }

  /** The connection is gone: what was out goes out again with the next one. */
  disconnected() {
    this.#land();
  }

  /** The server has it. @param {string} id */
  settle(id) {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#forget(entry);
    if (this.#flying === id) this.#land();
    this.flush();
  }

  /** The server did not take it. False: not one of ours. @param {string} id @param {Problem} problem */
  refuse(id, problem) {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    this.#land();
    this.#keep({ ...entry, problem });
    const pause = PASSING.get(problem.code);
    if (pause) this.#wait((problem.retryAfter ?? pause) * 1000);
    else this.flush();
    return true;
  }

  /** The person asks for another try. @param {string} id */
  retry(id) {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const { problem: _told, ...again } = entry;
    this.#land();
    this.#keep(again);
    this.flush();
  }

  /** The person gives it up. @param {string} id */
  discard(id) {
    const entry = this.#entries.get(id);
    if (entry) this.#forget(entry);
  }

  /** Everything that waits in a conversation that is gone. @param {string} conversation */
  discardAll(conversation) {
    for (const entry of this.of(conversation)) this.#forget(entry);
  }

  /** Everything: who wrote it is not here any more. */
  discardEverything() {
    for (const entry of [...this.#entries.values()]) this.#forget(entry);
    this.#land();
  }

  /** @param {number} milliseconds */
  #wait(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#land();
      this.flush();
    }, milliseconds);
  }

  #land() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#flying = "";
  }

  #load() {
    for (const key of keys("localStorage", this.#prefix).sort()) {
      try {
        /** @type {Entry} */
        const entry = JSON.parse(read("localStorage", key) ?? "");
        this.#entries.set(entry.id, entry);
      } catch {
        write("localStorage", key, null);
      }
    }
  }

  /** Another tab has seen it stored, or given it up. @param {string} key */
  #goneElsewhere(key) {
    const entry = key.startsWith(this.#prefix) ? this.#entries.get(key.slice(key.lastIndexOf(".") + 1)) : undefined;
    if (!entry) return;
    this.#entries.delete(entry.id);
    if (this.#flying === entry.id) this.#land();
    this.#options.onChange(entry.conversation);
    this.flush();
  }

  /** One key each, so that two tabs cannot overwrite each other's. @param {Entry} entry */
  #keep(entry) {
    this.#entries.set(entry.id, entry);
    write("localStorage", this.#key(entry), JSON.stringify(entry));
    this.#options.onChange(entry.conversation);
  }

  /** @param {Entry} entry */
  #forget(entry) {
    this.#entries.delete(entry.id);
    write("localStorage", this.#key(entry), null);
    this.#options.onChange(entry.conversation);
  }

  /** Sorts by the time of writing. @param {Entry} entry */
  #key({ createdAt, id }) {
    return `${this.#prefix}${String(createdAt).padStart(15, "0")}.${id}`;
  }
}
