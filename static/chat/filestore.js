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

/** What a page that crashed has left. @param {IDBObjectStore} files */
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
