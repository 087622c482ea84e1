// @ts-check
/** What the page reads and changes over HTTP, as JSON. */

/** @import { Attachment, Feedback, Message, Problem, Row } from "./types.js" */

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

  /**
   * Upload a file, to be sent with a message.
   *
   * @param {File} file
   * @param {{onProgress: (part: number) => void, signal: AbortSignal}} options
   * @returns {Promise<Attachment>}
   */
  async upload(file, options) {
    const form = new FormData();
    form.append("file", file, file.name);
    return this.#read(await this.#sent(form, options));
  }

  /** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
  async request(method, path, body) {
    return this.#read(await this.#answer(method, path, body));
  }

  /** @param {Response} response @returns {Promise<any>} */
  async #read(response) {
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

  /** @param {FormData} form @param {{onProgress: (part: number) => void, signal: AbortSignal}} options */
  async #sent(form, options) {
    try {
      const { sendForm } = await import("./sendform.js");
      return await sendForm(`${this.#caller.base}/attachments`, { headers: this.#headers(), form, ...options });
    } catch {
      throw new RequestError({ code: "offline", message: "" });
    }
  }

  #headers() {
    return new Headers({ Accept: "application/json", ...this.#caller.headers() });
  }

  /** @param {string} method @param {string} path @param {object} [body] */
  async #answer(method, path, body) {
    const { base, credentials } = this.#caller;
    const headers = this.#headers();
    if (body) headers.set("Content-Type", "application/json");
    try {
      return await fetch(`${base}${path}`, {
        method,
        headers,
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
