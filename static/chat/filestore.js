// @ts-check
/**
 * Files that wait to be sent, in the browser's database, so that a reload does not lose them. Where there is none (some
 * frames, some private windows) nothing is kept.
 */

const NAME = "parley-files";
const STORE = "files";
const DAYS_30 = 30 * 24 * 3_600_000;

/** @typedef {{file: File, at: number}} Kept */

export class FileStore {
  #prefix;
  /** @type {Promise<IDBDatabase> | undefined} */
  #database;

  /** @param {string} owner Whose files these are. */
  constructor(owner) {
    this.#prefix = `${owner}.`;
  }

  /** @param {string} id @param {File} file */
  async keep(id, file) {
    await this.#ask("readwrite", (files) => files.put({ file, at: Date.now() }, this.#prefix + id));
  }

  /** Null: it is gone. @param {string} id @returns {Promise<File | null>} */
  async read(id) {
    /** @type {Kept | undefined} */
    const kept = await this.#ask("readonly", (files) => files.get(this.#prefix + id));
    return kept?.file ?? null;
  }

  /** @param {string} id */
  async forget(id) {
    await this.#ask("readwrite", (files) => files.delete(this.#prefix + id));
  }

  /**
   * Forget the files that no message waits with: a page can be closed between the end of a message and of its files.
   *
   * @param {Set<string>} waiting @param {number} before Later ones belong to messages that were not known yet.
   */
  async tidy(waiting, before) {
    await this.#ask("readwrite", (files) => {
      const walk = files.openCursor(IDBKeyRange.bound(this.#prefix, `${this.#prefix}\uffff`));
      walk.onsuccess = () => {
        const { result: cursor } = walk;
        if (!cursor) return;
        const id = String(cursor.key).slice(this.#prefix.length);
        if (cursor.value.at < before && !waiting.has(id)) cursor.delete();
        cursor.continue();
      };
      return walk;
    });
  }

  /**
   * Undefined where there is no database.
   *
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(files: IDBObjectStore) => IDBRequest<T>} wish
   * @returns {Promise<T | undefined>}
   */
  async #ask(mode, wish) {
    try {
      this.#database ??= opened();
      return await done((await this.#database).transaction(STORE, mode), wish);
    } catch {
      this.#database = undefined; // The next wish begins anew: what was wrong may have passed.
      return undefined;
    }
  }
}

/** @returns {Promise<IDBDatabase>} */
async function opened() {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  /** @type {IDBDatabase} */
  const database = await new Promise((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  sweep(database.transaction(STORE, "readwrite").objectStore(STORE));
  return database;
}

/** What somebody left who never came back here. @param {IDBObjectStore} files */
function sweep(files) {
  const walk = files.openCursor();
  walk.onsuccess = () => {
    const { result: cursor } = walk;
    if (!cursor) return;
    if (cursor.value.at < Date.now() - DAYS_30) cursor.delete();
    cursor.continue();
  };
}

/**
 * @template T
 * @param {IDBTransaction} transaction
 * @param {(files: IDBObjectStore) => IDBRequest<T>} wish
 * @returns {Promise<T>}
 */
function done(transaction, wish) {
  const request = wish(transaction.objectStore(STORE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}
