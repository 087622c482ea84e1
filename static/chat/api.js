// @ts-check
/** What the page reads and changes over HTTP, as JSON. */

/** @import { Feedback, Message, Problem, Row } from "./types.js" */

const PATIENCE = 20_000;

/** A request that came to nothing. `code` is one of the closed list, or `offline` when no answer came at all. */
export class RequestError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.message);
    this.code = problem.code;
    this.retryAfter = problem.retryAfter;
  }
}

/**
 * @typedef {object} Caller Who asks.
 * @property {string} base What the addresses begin with.
 * @property {() => Record<string, string>} headers What says so.
 * @property {RequestCredentials} credentials
 * @property {string} refused The code of a request that is nobody's any more.
 */

export class Api {
  #caller;

  /** @param {Caller} caller */
  constructor(caller) {
    this.#caller = caller;
  }

  /**
   * @param {string} [query]
   * @param {string | null} [cursor]
   * @returns {Promise<{results: Row[], next: string | null}>}
   */
  fetchConversations(query = "", cursor = null) {
    return this.request("GET", `/conversations${search({ q: query, cursor })}`);
  }

  /**
   * @param {string} id
   * @param {string | null} [cursor]
   * @returns {Promise<{conversation: Row, results: Message[], next: string | null}>} Newest first.
   */
  fetchMessages(id, cursor = null) {
    return this.request("GET", `/conversations/${id}/messages${search({ cursor })}`);
  }

  /** @param {string} id @param {string} title @returns {Promise<Row>} */
  renameConversation(id, title) {
    return this.request("PATCH", `/conversations/${id}`, { title });
  }

  /** @param {string} id @returns {Promise<void>} */
  deleteConversation(id) {
    return this.request("DELETE", `/conversations/${id}`);
  }

  /** @param {string} id @returns {Promise<void>} */
  markRead(id) {
    return this.request("POST", `/conversations/${id}/read`);
  }

  /**
   * @param {string} message
   * @param {{type: "like" | "dislike" | null, suggestion?: string}} feedback
   * @returns {Promise<{feedback: Feedback | null}>}
   */
  giveFeedback(message, feedback) {
    return this.request("PUT", `/messages/${message}/feedback`, feedback);
  }

  /** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
  async request(method, path, body) {
    const response = await this.#answer(method, path, body);
    if (response.status === 204) return undefined;
    const isJson = response.headers.get("content-type")?.includes("json");
    if (response.ok && isJson) return response.json();
    throw new RequestError(isJson ? { ...(await response.json()), ...this.#extras(response) } : unreadable(response));
  }

  /** What the status and the headers say beyond the body. @param {Response} response */
  #extras({ status, headers }) {
    const retryAfter = Number(headers.get("retry-after"));
    return { ...(retryAfter ? { retryAfter } : {}), ...(status === 401 ? { code: this.#caller.refused } : {}) };
  }

  /** @param {string} method @param {string} path @param {object} [body] */
  async #answer(method, path, body) {
    const { base, headers, credentials } = this.#caller;
    const all = new Headers({ Accept: "application/json", ...headers() });
    if (body) all.set("Content-Type", "application/json");
    try {
      return await fetch(`${base}${path}`, {
        method,
        headers: all,
        body: body ? JSON.stringify(body) : null,
        credentials,
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      throw new RequestError({ code: "offline", message: "" });
    }
  }
}

/** A member, by the session's cookie. */
export function memberApi() {
  return new Api({
    base: "/chat",
    headers: () => ({ "X-CSRFToken": csrfToken() }),
    credentials: "same-origin",
    refused: "signed_out",
  });
}

/** @param {Record<string, string | null>} values */
function search(values) {
  const given = Object.entries(values).filter(([, value]) => value);
  return given.length ? `?${new URLSearchParams(/** @type {[string, string][]} */ (given))}` : "";
}

/** No JSON: the log-in page, or an error before our own code. @param {Response} response @returns {Problem} */
function unreadable({ ok }) {
  return { code: ok ? "signed_out" : "internal", message: "" };
}

function csrfToken() {
  return document.querySelector("meta[name=csrf-token]")?.getAttribute("content") ?? "";
}
