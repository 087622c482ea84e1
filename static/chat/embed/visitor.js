// @ts-check
/** Who the visitor is, as far as the server and the site know: what `hello` says, and what is kept of it here. */

/** @import { HelloFrame } from "../types.js" */
/** @import { Host } from "./host.js" */
/** @import { Keeping } from "./keeping.js" */

/** A site whose signatures never hold is not asked for another one each time. */
const ASK_AGAIN_AFTER = 60_000;

export class Visitor {
  #host;
  #keeping;
  /** Of a visitor of whom nothing is stored yet: theirs from the first message on. */
  #first = "";
  /** What the site signed last; empty when it says that nobody is logged in. @type {string | undefined} */
  #identity;
  /** Of whoever was there before: it is shown once more, so that the server ends it. */
  #former = "";
  #asked = -Infinity;

  /** @param {Keeping} keeping @param {Host} host @param {string} ticket The page's. */
  constructor(keeping, host, ticket) {
    this.#keeping = keeping;
    this.#host = host;
    this.ticket = ticket;
    this.#first = keeping.kept.first ?? "";
  }

  /** By which the server knows them; none before their first message. */
  get token() {
    return this.#keeping.kept.token;
  }

  /** The token with which they ask for something: before their first message the first one. */
  get shown() {
    return this.token || this.#first;
  }

  get site() {
    return this.#host.site ?? "";
  }

  /** The conversation that was open last. */
  get conversation() {
    return this.#keeping.kept.conversation;
  }

  /** @param {string | undefined} conversation */
  set conversation(conversation) {
    if (conversation !== this.conversation) this.#keeping.keep({ conversation });
  }

  /** What the site has signed of them, unchecked. @returns {Record<string, unknown>} */
  get claims() {
    return claimsOf(this.#identity ?? "");
  }

  /** @returns {Omit<HelloFrame, "type" | "protocol">} */
  hello() {
    const token = this.token || this.#former || this.#first;
    const { contactId } = this.#host.config;
    return {
      ticket: this.ticket,
      site: this.site,
      ...(token ? { token } : {}),
      ...(contactId ? { contactId } : {}),
      ...(this.#identity === undefined ? {} : { identity: this.#identity }),
    };
  }

  /** The server has let them in. @param {string | null | undefined} first For whom nothing is stored yet. */
  admitted(first) {
    this.#former = "";
    if (first) this.#newcomer(first);
    // Their first message had been stored, and the answer was lost.
    else if (!this.token && this.#first) this.known(this.#first);
  }

  /** A first message is on its way. Should its answer be lost, the page has to come back as the same visitor. */
  writes() {
    if (!this.token && this.#first) this.#keeping.keep({ first: this.#first });
  }

  /** @param {string} token */
  known(token) {
    this.#first = "";
    this.#keeping.keep({ token, first: undefined });
  }

  /** The server does not know them any more. */
  forgotten() {
    this.#keeping.keep({ token: undefined, conversation: undefined });
  }

  /** The site says who is there. True: somebody else than before. @param {string} identity Empty: nobody. */
  identify(identity) {
    this.#identity = identity;
    const { person: before } = this.#keeping.kept;
    const { sub } = claimsOf(identity);
    const person = typeof sub === "string" ? sub : "";
    // A stranger who logs in is the same person as before.
    const another = Boolean(before) && before !== person;
    if (another) this.#leave();
    if (person !== (before ?? "")) this.#keeping.keep({ person: person || undefined });
    return another;
  }

  /** Ask the site to sign anew. */
  askWho() {
    if (performance.now() - this.#asked < ASK_AGAIN_AFTER) return;
    this.#asked = performance.now();
    this.#host.wantIdentity();
  }

  #leave() {
    this.#former = this.token ?? "";
    this.#first = "";
    this.#keeping.keep({ token: undefined, first: undefined, conversation: undefined });
  }

  /** @param {string} first */
  #newcomer(first) {
    this.#first = first;
    if (this.token) this.forgotten();
  }
}

/** @param {string} jwt @returns {Record<string, unknown>} */
function claimsOf(jwt) {
  const [, middle = ""] = jwt.split(".");
  try {
    const bytes = Uint8Array.from(atob(middle.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return claims && typeof claims === "object" ? claims : {};
  } catch {
    return {};
  }
}
