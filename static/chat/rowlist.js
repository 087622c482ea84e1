// @ts-check
/** Conversations as the server lists them, page by page, the most recent first; kept up to date by what the socket says. */

import { momentOf } from "./rows.js";

/** @import { Api } from "./api.js" */
/** @import { Row } from "./types.js" */

export class RowList {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** @type {string | null} */
  #next = null;
  #loading = false;
  #api;
  #clock = 0;
  /**
   * When the socket last said something of a row: later than a page was asked for, it is newer than that page.
   *
   * @type {Map<string, number>}
   */
  #told = new Map();
  /** @type {Set<string>} */
  #gone;
  /** The first page has been read. */
  loaded = false;

  /**
   * @param {Api} api
   * @param {string} query Words to look for; none: all conversations.
   * @param {string[]} gone What the list before this one had: the socket may still speak of it, as it was.
   */
  constructor(api, query = "", gone = []) {
    this.#api = api;
    this.query = query;
    this.#gone = new Set(gone);
  }

  /** @returns {Row[]} */
  get rows() {
    return [...this.#rows.values()].sort((one, other) => momentOf(other) - momentOf(one) || (one.id < other.id ? 1 : -1));
  }

  get complete() {
    return this.loaded && this.#next === null;
  }

  /** @param {string} id */
  row(id) {
    return this.#rows.get(id);
  }

  /** Read the next page. False: there is nothing to do. */
  async more() {
    if (this.#loading || this.complete) return false;
    this.#loading = true;
    try {
      const asked = this.#clock;
      const page = await this.#api.fetchConversations(this.query, this.#next);
      this.#take(page.results, asked);
      this.#next = page.next;
      this.loaded = true;
      return true;
    } finally {
      this.#loading = false;
    }
  }

  /** Read the first page again: what changed while there was no connection. */
  async refresh() {
    if (!this.loaded) return this.more();
    const asked = this.#clock;
    const page = await this.#api.fetchConversations(this.query);
    const oldest = page.next === null ? 0 : Math.min(...page.results.map(momentOf));
    for (const row of this.rows) {
      if (momentOf(row) >= oldest && !this.#isNewer(row.id, asked)) this.#rows.delete(row.id);
    }
    this.#take(page.results, asked);
    if (page.next === null) this.#next = null;
    return true;
  }

  /** @param {Row[]} rows @param {number} asked */
  #take(rows, asked) {
    for (const row of rows) {
      this.#gone.delete(row.id);
      if (!this.#isNewer(row.id, asked)) this.#rows.set(row.id, row);
    }
  }

  /** @param {string} id @param {number} asked */
  #isNewer(id, asked) {
    return (this.#told.get(id) ?? 0) > asked;
  }

  /** A row that is new or has changed. One from further down than has been read comes with its page. @param {Row} row */
  put(row) {
    if (this.#gone.has(row.id)) return;
    const oldest = Math.min(...this.rows.map(momentOf));
    const first = !this.loaded || this.complete || momentOf(row) >= oldest;
    if (!this.#rows.has(row.id) && (this.query || !first)) return;
    this.#told.set(row.id, (this.#clock += 1));
    this.#rows.set(row.id, row);
  }

  /** @param {string} id */
  remove(id) {
    this.#told.set(id, (this.#clock += 1));
    this.#rows.delete(id);
  }
}
