// @ts-check
/** The page's own views: JSON over HTTP with the session's cookie. */

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
 * @param {string} [query]
 * @param {string | null} [cursor]
 * @returns {Promise<{results: Row[], next: string | null}>}
 */
export function fetchConversations(query = "", cursor = null) {
  return request("GET", `/chat/conversations${search({ q: query, cursor })}`);
}

/**
 * @param {string} id
 * @param {string | null} [cursor]
 * @returns {Promise<{conversation: Row, results: Message[], next: string | null}>} Newest first.
 */
export function fetchMessages(id, cursor = null) {
  return request("GET", `/chat/conversations/${id}/messages${search({ cursor })}`);
}

/** @param {string} id @param {string} title @returns {Promise<Row>} */
export const renameConversation = (id, title) => request("PATCH", `/chat/conversations/${id}`, { title });

/** @param {string} id @returns {Promise<void>} */
export const deleteConversation = (id) => request("DELETE", `/chat/conversations/${id}`);

/** @param {string} id @returns {Promise<void>} */
export const markRead = (id) => request("POST", `/chat/conversations/${id}/read`);

/**
 * @param {string} message
 * @param {{type: "like" | "dislike" | null, suggestion?: string}} feedback
 * @returns {Promise<{feedback: Feedback | null}>}
 */
export const giveFeedback = (message, feedback) => request("PUT", `/chat/messages/${message}/feedback`, feedback);

/** @param {Record<string, string | null>} values */
function search(values) {
  const given = Object.entries(values).filter(([, value]) => value);
  return given.length ? `?${new URLSearchParams(/** @type {[string, string][]} */ (given))}` : "";
}

/** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
async function request(method, path, body) {
  const response = await answer(method, path, body);
  if (response.status === 204) return undefined;
  const isJson = response.headers.get("content-type")?.includes("json");
  if (response.ok && isJson) return response.json();
  throw new RequestError(isJson ? { ...(await response.json()), ...extras(response) } : unreadable(response));
}

/** What the headers say beyond the body. @param {Response} response */
function extras({ status, headers }) {
  const retryAfter = Number(headers.get("retry-after"));
  return { ...(retryAfter ? { retryAfter } : {}), ...(status === 401 ? { code: "signed_out" } : {}) };
}

/** No JSON: the log-in page, or an error before our own code. @param {Response} response @returns {Problem} */
function unreadable({ ok }) {
  return { code: ok ? "signed_out" : "internal", message: "" };
}

/** @param {string} method @param {string} path @param {object} [body] */
async function answer(method, path, body) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, {
      method,
      headers,
      body: body ? JSON.stringify(body) : null,
      credentials: "same-origin",
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    throw new RequestError({ code: "offline", message: "" });
  }
}

function csrfToken() {
  return document.querySelector("meta[name=csrf-token]")?.getAttribute("content") ?? "";
}
