// @ts-check
/** The files of messages that wait: kept in the browser, and uploaded when their message's turn has come. */

import { RequestError } from "./api.js";
import { later } from "./markdown/later.js";
import { renameThumbnail } from "./thumbnails.js";

/** @import { FileStore } from "./filestore.js" */
/** @import { Attachment } from "./types.js" */

/**
 * @typedef {{id: string, file: File}} Chosen A file that a person chose; the id is made here.
 *
 * @typedef {object} Part What a message that waits remembers of a file.
 * @property {string} id
 * @property {string} name
 * @property {string} type
 * @property {number} size
 * @property {string} [attachment] Its id at the server, once it is uploaded.
 *
 * @typedef {(file: File, options: {onProgress: (part: number) => void, signal: AbortSignal}) => Promise<Attachment>} Upload
 */

const TELL_EVERY = 200;
/** Faults that say nothing of the file: what is to be done about them is known by the code. */
const NOT_OF_THE_FILE = new Set([
  ...["offline", "signed_out", "token_refused"],
  ...["rate_limited", "storage_busy", "storage_full", "internal"],
]);

/** No file is on its way. */
const NONE = { id: "", part: 0 };

/** @param {Chosen} chosen @returns {Part} */
export const partOf = ({ id, file: { name, type, size } }) => ({ id, name, type, size });

export class Uploads {
  #upload;
  #user;
  /** @type {Map<string, File>} */
  #here = new Map();
  /** @type {Promise<FileStore> | undefined} */
  #store;
  /** The file that is on its way, and how much of it. */
  #current = NONE;

  /** @param {{user: string, upload: Upload}} options `user`: whose files these are. */
  constructor({ user, upload }) {
    this.#upload = upload;
    this.#user = user;
  }

  /** To be called once, with the files of all messages that wait. @param {Part[]} parts */
  begin(parts) {
    const waiting = new Set(parts.map(({ id }) => id));
    const now = Date.now();
    // When the page has nothing better to do, but before a file is chosen: then there may be no connection.
    later(() => this.#stored((store) => store.tidy(waiting, now)).catch(() => undefined));
  }

  /** @param {Chosen[]} chosen */
  keep(chosen) {
    for (const { id, file } of chosen) {
      this.#here.set(id, file);
      this.#stored((store) => store.keep(id, file)).catch(() => undefined);
    }
  }

  /** @param {Part[]} parts */
  forget(parts) {
    for (const { id } of parts) {
      this.#here.delete(id);
      this.#stored((store) => store.forget(id)).catch(() => undefined);
    }
  }

  /**
   * Upload one; returns its id at the server. Rejects with a `RequestError`.
   *
   * @param {Part} part
   * @param {AbortSignal} signal
   * @param {() => void} onProgress
   */
  async send(part, signal, onProgress) {
    const file = await this.#read(part.id);
    signal.throwIfAborted();
    if (!file) throw new RequestError({ code: "file_lost", message: lostSentence(part) });
    const current = { id: part.id, part: 0 };
    this.#current = current;
    onProgress();
    try {
      const { id } = await this.#upload(file, { onProgress: seldom(current, onProgress), signal });
      renameThumbnail(part.id, id);
      return id;
    } catch (error) {
      if (!(error instanceof RequestError) || NOT_OF_THE_FILE.has(error.code)) throw error;
      throw new RequestError({ code: "file_refused", message: error.message || refusedSentence(part) });
    } finally {
      if (this.#current === current) this.#current = NONE;
    }
  }

  /** Null: it is gone. @param {string} id @returns {Promise<File | null>} */
  async #read(id) {
    const file = this.#here.get(id);
    // What was chosen may have been changed or deleted on the disk since; the database has a copy.
    if (file && (await isReadable(file))) return file;
    try {
      const kept = await this.#stored((store) => store.read(id));
      return kept && (await isReadable(kept)) ? kept : null;
    } catch {
      throw new RequestError({ code: "offline", message: "" });
    }
  }

  /**
   * The store is loaded later than the page. If it cannot be, files live as long as the page.
   *
   * @template T
   * @param {(store: FileStore) => Promise<T>} wish
   */
  async #stored(wish) {
    this.#store ??= import("./filestore.js").then(({ FileStore }) => new FileStore(this.#user));
    try {
      return await wish(await this.#store);
    } catch (error) {
      this.#store = undefined;
      throw error;
    }
  }

  /** How much of a message's files is uploaded, from 0 to 1; null when none of them is on its way. @param {Part[]} parts */
  progress(parts) {
    const { id, part } = this.#current;
    if (!parts.some((one) => one.id === id)) return null;
    const sum = (/** @type {(one: Part) => number} */ of) => parts.reduce((all, one) => all + of(one), 0);
    return sum((one) => one.size * (one.attachment ? 1 : one.id === id ? part : 0)) / (sum(({ size }) => size) || 1);
  }
}

/** @param {File} file */
async function isReadable(file) {
  return file.slice(0, 1).arrayBuffer().then(Boolean, () => false);
}

/** Notes how far the file is, and tells of it a few times a second. @param {{part: number}} current @param {() => void} tell */
function seldom(current, tell) {
  let told = performance.now();
  return (/** @type {number} */ part) => {
    current.part = part;
    if (performance.now() - told < TELL_EVERY) return;
    told = performance.now();
    tell();
  };
}

/** @param {Part} part */
function lostSentence({ name }) {
  return interpolate(gettext("This browser no longer has %(name)s. Remove this message, and send it again with the file."), { name }, true);
}

/** @param {Part} part */
function refusedSentence({ name }) {
  return interpolate(gettext("The server does not take %(name)s."), { name }, true);
}
