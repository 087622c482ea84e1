// @ts-check

import { Api, RequestError } from "../api.js";

/** A visitor, by their token; no cookie goes with it. Who has none yet has no conversations either. */
export class VisitorApi extends Api {
  #known;

  /**
   * @param {string} chat The web chat's id.
   * @param {{token: string | undefined, shown: string, site: string}} visitor As they are at the time.
   */
  constructor(chat, visitor) {
    super({
      base: `/web-chats/${chat}`,
      headers: () => ({
        "Parley-Site": visitor.site,
        ...(visitor.shown ? { Authorization: `Visitor ${visitor.shown}` } : {}),
        "Accept-Language": document.documentElement.lang,
      }),
      credentials: "omit",
      refused: "token_refused",
    });
    this.#known = () => visitor.token !== undefined;
  }

  /** @override @param {string} [query] @param {string | null} [cursor] */
  async fetchConversations(query, cursor) {
    return this.#known() ? super.fetchConversations(query, cursor) : { results: [], next: null };
  }

  /** No conversation from before is shown any more. @returns {Promise<void>} */
  async clear() {
    if (this.#known()) await this.request("POST", "/clear");
  }

  /** A new ticket; null if the chat is closed, and the old one if nobody answers. @param {string} old */
  async renewTicket(old) {
    try {
      /** @type {{ticket: string}} */
      const { ticket } = await this.request("POST", "/ticket");
      return ticket;
    } catch (error) {
      if (error instanceof RequestError && error.code === "offline") return old;
      return null;
    }
  }
}
