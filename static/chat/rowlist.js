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
  /** The first page has been read. */
  loaded = false;

  /** @param {Api} api @param {string} query Words to look for; none: all conversations. */
  constructor(api, query = "") {
    this.#api = api;
    this.query = query;
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
      const page = await this.#api.fetchConversations(this.query, this.#next);
      for (const row of page.results) this.#rows.set(row.id, row);
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
    const page = await this.#api.fetchConversations(this.query);
    const oldest = page.next === null ? 0 : Math.min(...page.results.map(momentOf));
    for (const row of this.rows) if (momentOf(row) >= oldest) this.#rows.delete(row.id);
    for (const row of page.results) this.#rows.set(row.id, row);
    if (page.next === null) this.#next = null;
    return true;
  }

  /** A row that is new or has changed. One from further down than has been read comes with its page. @param {Row} row */
  put(row) {
    const oldest = Math.min(...this.rows.map(momentOf));
    const belongs = this.#rows.has(row.id) || (!this.query && (this.complete || momentOf(row) >= oldest));
    if (belongs) this.#rows.set(row.id, row);
  }

  /** @param {string} id */
  remove(id) {
    this.#rows.delete(id);
  }
}
