// @ts-check
/** Who the visitor is, as far as the server and the site know: what `hello` says, and what is kept of it here. */

/** @import { HelloFrame } from "../types.js" */
/** @import { Host } from "./host.js" */
/** @import { Keeping, Kept } from "./keeping.js" */

/** A site whose signatures never hold is not asked for another one each time. */
const ASK_AGAIN_AFTER = 60_000;
/** So long before its signature ends the site is asked for another; for a short one when half of it is over. */
const ASK_BEFORE = 60_000;
const ANSWER_WITHIN = 1500;
const HOUR = 3_600_000;
const NOTHING = {
  token: undefined,
  first: undefined,
  conversation: undefined,
  person: undefined,
  signed: undefined,
};

export class Visitor {
  #host;
  #keeping;
  /** Of a visitor of whom nothing is stored yet: theirs from the first message on. */
  #first = "";
  /** What the site signed last; empty when it says that nobody is logged in. @type {string | undefined} */
  #identity;
  /** Of whoever has logged out: it is shown once more, so that the server ends it. */
  #former = "";
  /** The server did not take what the site has signed. */
  #doubted = false;
  /** What the site had signed of somebody before another tab was told otherwise. */
  #past = "";
  /** Whom all that is shown here is about. @type {Kept} */
  #about;
  #asked = -Infinity;
  /** When that signature ends, by the clock of this browser. */
  #ends = Infinity;
  #timer = 0;
  /** Somebody waits for the site's answer. @type {(() => void) | null} */
  #onAnswer = null;
  /** Who was forgotten by the server, and where. @type {{person?: string, conversation?: string}} */
  #left = {};

  /** @param {Keeping} keeping @param {Host} host @param {string} ticket The page's. */
  constructor(keeping, host, ticket) {
    this.#keeping = keeping;
    this.#host = host;
    this.ticket = ticket;
    this.#first = keeping.kept.first ?? "";
    this.#about = keeping.kept;
  }

  /** By which the server knows them; none before their first message. */
  get token() {
    return this.#kept.token;
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
    return this.#kept.conversation;
  }

  /** @param {string | undefined} conversation */
  set conversation(conversation) {
    if (conversation !== this.conversation) this.#keep({ conversation });
  }

  /** What the site has signed of them, unchecked. @returns {Record<string, unknown>} */
  get claims() {
    return claimsOf(this.#identity ?? "");
  }

  /** @returns {Omit<HelloFrame, "type" | "protocol">} */
  hello() {
    // With what another person's site signs of them, it could become theirs.
    const token = this.token || (this.#identity ? "" : this.#former) || this.#first;
    this.#doubted = false;
    const { contactId } = this.#host.config;
    return {
      ticket: this.ticket,
      site: this.site,
      ...(token ? { token } : {}),
      ...(contactId ? { contactId } : {}),
      ...(this.#identity === undefined || this.#isVouched ? {} : { identity: this.#identity }),
    };
  }

  /** A signature that has ended says nothing; for the rest of the hour their own token says who they are. */
  get #isVouched() {
    const { token, person } = this.#kept;
    return this.#isOver && token !== undefined && person === this.claims.sub;
  }

  get #isOver() {
    return Date.now() >= this.#ends;
  }

  /** Is the site's answer waited for? */
  get isAwaited() {
    return this.#onAnswer !== null;
  }

  /** Resolves when the site has answered, if it has to sign anew, or has not in time. */
  async signed() {
    if (this.#isOver && this.askWho()) await this.#answer();
  }

  /** The server has ended the visit: maybe the site has too, so it is asked before its signature is shown again. */
  async signedAnew() {
    if (!this.#identity) return;
    this.#asked = -Infinity;
    this.askWho();
    await this.#answer();
  }

  async #answer() {
    await new Promise((resolve) => {
      this.#onAnswer = () => resolve(undefined);
      setTimeout(resolve, ANSWER_WITHIN);
    });
    this.#onAnswer = null;
  }

  /** The server does not take the signature. True: hello without it says who they are. */
  distrusted() {
    const before = this.#isVouched;
    this.#doubted = true;
    this.#ends = 0;
    return !before && this.#isVouched;
  }

  /** Is this what the site has said before? @param {string} identity */
  isSaid(identity) {
    return identity === this.#identity;
  }

  /** Is this of who was there before another tab was told otherwise? @param {string} identity */
  isPast(identity) {
    return identity !== "" && identity === this.#past;
  }

  /** The conversation that was open when the server forgot the same person, once; if none is open by now. */
  resumed() {
    const { person, conversation } = this.#left;
    this.#left = {};
    return person === this.#kept.person && !this.conversation ? conversation : undefined;
  }

  /** The server has let them in. @param {string | null | undefined} first For whom nothing is stored yet. */
  admitted(first) {
    this.#former = "";
    if (first) this.#newcomer(first);
    // Their first message had been stored, and the answer was lost.
    else if (!this.token && this.#first) this.#know(this.#first);
  }

  /** A first message is on its way. Should its answer be lost, the page has to come back as the same visitor. */
  writes() {
    if (!this.token && this.#first) this.#keep({ first: this.#first });
  }

  /** @param {string} token */
  known(token) {
    const { sub } = this.claims;
    this.#know(token, typeof sub === "string" && !this.#doubted ? sub : undefined);
  }

  /** The server does not know them any more. */
  forgotten() {
    const { person, conversation } = this.#kept;
    this.#left = person ? { person, conversation } : {};
    this.#keep({ token: undefined, signed: undefined, conversation: undefined });
  }

  /** The site says who is there. True: somebody else than before. @param {string} identity Empty: nobody. */
  identify(identity) {
    const overtaken = this.overtaken() === true;
    const { sub, exp } = claimsOf(identity);
    if (!this.isSaid(identity)) this.#expectEnd(exp);
    this.#identity = identity;
    this.#onAnswer?.();
    const { person: before } = this.#kept;
    const person = typeof sub === "string" ? sub : "";
    // A stranger who logs in is the same person as before.
    const another = Boolean(before) && before !== person;
    if (another) this.#leave();
    if (person !== (before ?? "")) this.#keep({ person: person || undefined });
    this.#about = this.#keeping.kept;
    return another || overtaken;
  }

  /**
   * The page has said whose contact the visitor is, or has not. True: somebody else than before. Whether a stranger is
   * that contact the server knows; whom the site signs is the same whatever contact a page names.
   */
  named() {
    const { contactId: before, person } = this.#keeping.kept;
    const { contactId, identity } = this.#host.config;
    const another = person ? contactId !== undefined && !identity : before !== undefined;
    const changed = contactId !== before && (another || !person || contactId !== undefined);
    if (changed) this.#keeping.keep({ ...(another ? NOTHING : {}), contactId });
    if (changed && another) this.#first = "";
    this.#about = this.#keeping.kept;
    return changed && another;
  }

  /**
   * Another tab may have been told who is there: then what was said here of who was counts no more. True: somebody else
   * than before; undefined: all is as it was.
   */
  overtaken() {
    const before = this.#about;
    const { person, contactId } = (this.#about = this.#keeping.kept);
    if (person === before.person && (person || contactId === before.contactId)) return undefined;
    this.#past = this.#identity || this.#past;
    this.#identity = undefined;
    this.#expectEnd(undefined);
    this.#first = this.#former = "";
    this.#left = {};
    return before.person !== undefined || contactId !== before.contactId;
  }

  /** Ask the site to sign anew. False: it has been asked only just now. */
  askWho() {
    if (performance.now() - this.#asked < ASK_AGAIN_AFTER) return false;
    this.#asked = performance.now();
    this.#host.wantIdentity();
    return true;
  }

  /** The clock here may be wrong: what seems to be over already is for the server to judge. @param {unknown} exp */
  #expectEnd(exp) {
    clearTimeout(this.#timer);
    const left = typeof exp === "number" ? Math.min(exp * 1000 - Date.now(), HOUR) : 0;
    this.#ends = left > 0 ? Date.now() + left : Infinity;
    if (left > 0) this.#timer = setTimeout(() => this.askWho(), Math.max(left - ASK_BEFORE, left / 2));
  }

  /** @param {string} token @param {string} [signed] */
  #know(token, signed) {
    this.#first = "";
    this.#keep({ token, signed, first: undefined });
  }

  #leave() {
    const { token = "", person, signed } = this.#kept;
    // The server ends only those: by another one it would let in whoever comes next.
    this.#former = signed === person ? token : "";
    this.#first = "";
    this.#keep({ ...NOTHING, person });
  }

  /** Is what is kept of whom the page speaks? Another tab's page may have named another contact. */
  get #isTheirs() {
    const { person, contactId } = this.#keeping.kept;
    const { connected, config } = this.#host;
    if (!connected || contactId === config.contactId) return true;
    return person !== undefined && (config.contactId === undefined || Boolean(this.#identity));
  }

  /** @returns {Kept} */
  get #kept() {
    return this.#isTheirs ? this.#keeping.kept : {};
  }

  /** In the place of what is another's. @param {Partial<Record<keyof Kept, string | undefined>>} changes */
  #keep(changes) {
    if (this.#isTheirs) return this.#keeping.keep(changes);
    this.#keeping.keep({ ...NOTHING, contactId: this.#host.config.contactId, ...changes });
    this.#about = this.#keeping.kept;
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
