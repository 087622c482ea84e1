// @ts-check
/**
 * Messages on their way to the server. Each is kept in the browser until the server says that it has it, so that
 * neither a lost connection nor a reload loses one. They go out one at a time: the next when the one before is
 * stored, which keeps their order. One whose file has to wait keeps back only what was written after it in its own
 * conversation. A message may be sent twice (the answer was lost, or two tabs have it); its id makes the server store
 * it once.
 */

import { problemOf } from "./conversation.js";
import { keys, read, write } from "./storage.js";
import { partOf } from "./uploads.js";

/** @import { Problem } from "./types.js" */
/** @import { Chosen, Part, Uploads } from "./uploads.js" */

/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {string} conversation
 * @property {string} [chatbot] For the first message of a conversation.
 * @property {string} content
 * @property {Part[]} [files] Uploaded one after the other before the message goes out.
 * @property {true} [again] They were uploaded once more, because the server no longer had them.
 * @property {number} [tries] How often the next of them was to be tried again later.
 * @property {true} [unknown] For the next of them the connection was begun anew, because its token was refused.
 * @property {number} createdAt
 * @property {Problem} [problem] Why the server did not take it.
 *
 * @typedef {object} OutboxOptions
 * @property {string} user Whose messages these are: another person at the same browser never sees them.
 * @property {Uploads} uploads
 * @property {() => boolean} isOpen Whether anything can be sent now.
 * @property {(entry: Entry) => boolean} send False: there is no connection.
 * @property {() => void} restart Begin the connection anew, which finds out who speaks.
 * @property {(conversation: string) => void} onChange
 */

const ANSWER_WITHIN = 20_000;
const UPLOAD_AGAIN_AFTER = 5000;
/** An upload that failed so is tried again by itself: who speaks, or the way to the server, is just being found. */
const AWAY = new Set(["offline", "signed_out"]);
/** How often a file is uploaded that the server does not take for the moment. */
const UPLOAD_TRIES = 4;

/** After these a message goes out again by itself; until then it stays first in line. Value: seconds to wait. */
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
  /** Entries with a file that is uploaded again later. @type {Set<string>} */
  #aside = new Set();
  #timer = 0;
  #newest = 0;
  /** Gives up the upload that runs. */
  #leaving = new AbortController();

  /** @param {OutboxOptions} options */
  constructor(options) {
    this.#options = options;
    this.#prefix = `parley.outbox.${options.user}.`;
    this.#load();
    options.uploads.begin([...this.#entries.values()].flatMap(({ files = [] }) => files));
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

  /** @param {Omit<Entry, "createdAt" | "files">} entry @param {Chosen[]} [chosen] */
  add(entry, chosen = []) {
    // Two messages of one millisecond keep their order too.
    this.#newest = Math.max(Date.now(), this.#newest + 1);
    const files = chosen.length ? { files: chosen.map(partOf) } : {};
    this.#keep({ ...entry, ...files, createdAt: this.#newest });
    this.#options.uploads.keep(chosen);
    this.flush();
  }

  /** How much of a message's files is uploaded; null when none of them is on its way. @param {Entry} entry */
  progress({ files }) {
    return files ? this.#options.uploads.progress(files) : null;
  }

  /** Send what waits, if nothing is out. To be called whenever the connection is ready. */
  flush() {
    if (this.#flying || this.#timer || !this.#options.isOpen()) return;
    const entry = this.#next();
    const part = entry?.files?.find(({ attachment }) => !attachment);
    if (entry && part) return void this.#upload(entry, part);
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
    this.flush();
  }

  /** The server did not take it. False: not one of ours. @param {string} id @param {Problem} problem */
  refuse(id, problem) {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    this.#land();
    if (problem.code === "not_found" && isUploaded(entry) && !entry.again) {
      this.#keep({ ...entry, again: true, files: entry.files.map(notUploaded) });
      this.flush();
      return true;
    }
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
    const { problem: _told, again: _again, tries: _tries, unknown: _unknown, ...anew } = entry;
    this.#aside.delete(id);
    this.#land();
    this.#keep(anew);
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
    this.flush();
  }

  /** Everything: who wrote it is not here any more. */
  discardEverything() {
    for (const entry of [...this.#entries.values()]) this.#forget(entry);
    this.#land();
  }

  /** The first that may go out: none before one of its own conversation. */
  #next() {
    /** @type {Set<string>} */
    const held = new Set();
    for (const entry of this.#entries.values()) {
      if (entry.problem && !passes(entry.problem)) continue;
      if (this.#aside.has(entry.id)) held.add(entry.conversation);
      if (!held.has(entry.conversation)) return entry;
    }
    return undefined;
  }

  /** @param {Entry} entry @param {Part} part */
  async #upload(entry, part) {
    this.#flying = entry.id;
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    try {
      const tell = () => this.#options.onChange(entry.conversation);
      const attachment = await this.#options.uploads.send(part, signal, tell);
      if (signal.aborted) return;
      this.#land();
      const { tries: _tries, unknown: _unknown, ...taken } = entry;
      this.#keep({ ...taken, files: entry.files?.map((one) => (one === part ? { ...part, attachment } : one)) ?? [] });
      this.flush();
    } catch (error) {
      if (!signal.aborted) this.#notUploaded(entry, problemOf(error));
    }
  }

  /** @param {Entry} entry @param {Problem} problem */
  #notUploaded(entry, problem) {
    const { code, message } = problem;
    if (AWAY.has(code)) {
      this.#land();
      this.#wait(UPLOAD_AGAIN_AFTER);
      this.#options.onChange(entry.conversation);
    } else if (code === "token_refused" && !entry.unknown) {
      this.#land();
      this.#keep({ ...entry, unknown: true });
      this.#options.restart();
    } else if (passes(problem)) {
      const tries = (entry.tries ?? 0) + 1;
      if (tries < UPLOAD_TRIES) this.#stepAside({ ...entry, tries, problem });
      else this.refuse(entry.id, { code: "file_refused", message });
    } else {
      this.refuse(entry.id, problem);
    }
  }

  /** Its file is uploaded again later; others go out meanwhile. @param {Entry & {problem: Problem}} entry */
  #stepAside(entry) {
    const { code, retryAfter = PASSING.get(code) ?? 0 } = entry.problem;
    this.#land();
    this.#aside.add(entry.id);
    this.#keep(entry);
    setTimeout(() => this.#aside.delete(entry.id) && this.flush(), retryAfter * 1000);
    this.flush();
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
    this.#leaving.abort();
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
    this.#drop(entry);
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
    write("localStorage", this.#key(entry), null);
    this.#drop(entry);
  }

  /** @param {Entry} entry */
  #drop(entry) {
    this.#entries.delete(entry.id);
    this.#options.uploads.forget(entry.files ?? []);
    if (this.#flying === entry.id) this.#land();
    this.#options.onChange(entry.conversation);
  }

  /** Sorts by the time of writing. @param {Entry} entry */
  #key({ createdAt, id }) {
    return `${this.#prefix}${String(createdAt).padStart(15, "0")}.${id}`;
  }
}

/** @param {Entry} entry @returns {entry is Entry & {files: Part[]}} */
function isUploaded(entry) {
  return entry.files?.some(({ attachment }) => attachment) ?? false;
}

/** @param {Part} part @returns {Part} */
function notUploaded({ attachment: _gone, ...part }) {
  return part;
}
