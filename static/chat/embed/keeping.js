// @ts-check
/**
 * What this browser keeps of a visitor between visits, apart for each site. Where a site's frame may not use storage
 * it is a cookie that only frames of this site get, and where there is none either, the page around the frame keeps it.
 */

import { read, write } from "../storage.js";

/**
 * @typedef {object} Kept
 * @property {string} [token] By which the server knows them.
 * @property {string} [first] The same before it has answered to their first message.
 * @property {string} [conversation] The one that was open last.
 * @property {string} [person] Who the site last said it is.
 * @property {string} [signed] The one whose signature the server took for this token.
 * @property {string} [contactId] Whose contact the page last said it is.
 *
 * Undefined from `load`: no answer.
 * @typedef {{load: () => Promise<string | null | undefined>, store: (value: string | null) => void}} Elsewhere The page around.
 */

const DAYS_30 = 30 * 24 * 3600;

export class Keeping {
  #place;
  #cookie;
  #path;
  /** @type {Kept} */
  #kept = {};
  /** @type {Elsewhere | null} */
  #elsewhere = null;
  #changed = false;
  /** Something was kept here before: what is not there any more another tab has forgotten. */
  #stays = false;

  /** @param {string} chat The web chat's id. @param {string} site The origin of the page around it. */
  constructor(chat, site) {
    const encoded = encodeURIComponent(site).replaceAll(".", "%2E");
    /** Begins the name of all that is kept for this chat on this site; no other site's begins like it. */
    this.owner = `${chat}.${encoded}`;
    this.#place = `parley.visitor.${this.owner}`;
    this.#cookie = `parley-visitor-${encoded.replaceAll("%", "-")}`;
    this.#path = `/web-chats/${chat}`;
    this.#kept = this.kept;
  }

  /** What is kept now: another tab may have changed it. */
  get kept() {
    const found = this.#read();
    if (found !== null) this.#stays = true;
    if (this.#stays) this.#kept = parsed(found);
    return this.#kept;
  }

  /** @param {Partial<Record<keyof Kept, string | undefined>>} changes Undefined removes it. */
  keep(changes) {
    this.#changed = true;
    const kept = { ...this.kept, ...changes };
    this.#kept = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
    const text = Object.keys(this.#kept).length ? JSON.stringify(this.#kept) : null;
    // That there is no cookie does not show that there could be one.
    if (write("localStorage", this.#place, text) || (this.#bake(text) && text !== null)) this.#stays = true;
    else this.#elsewhere?.store(text);
  }

  /** The page around can keep it. Resolves when all is read. @param {Elsewhere} elsewhere */
  async connect(elsewhere) {
    this.#elsewhere = elsewhere;
    if (this.#lasts()) return;
    const found = await elsewhere.load();
    if (!this.#changed) this.#kept = parsed(found);
  }

  /** The page around may keep something else by now, for another tab. */
  async refresh() {
    const found = this.#lasts() ? undefined : await this.#elsewhere?.load();
    if (found !== undefined) this.#kept = parsed(found);
  }

  /** Another tab has changed what is kept, where browsers tell of that. @param {() => void} changed */
  watch(changed) {
    addEventListener("storage", ({ key }) => (key === this.#place || key === null) && changed());
  }

  #read() {
    return read("localStorage", this.#place) ?? this.#baked();
  }

  /** Whether this browser lets the frame keep anything at all. */
  #lasts() {
    const probe = `${this.#place}.probe`;
    const stored = write("localStorage", probe, "1");
    if (stored) write("localStorage", probe, null);
    return stored || this.#bake(this.#baked() ?? "{}");
  }

  #baked() {
    const start = `${this.#cookie}=`;
    const found = cookies().find((cookie) => cookie.startsWith(start));
    return found ? decodeURIComponent(found.slice(start.length)) : null;
  }

  /** The server never reads it. @param {string | null} text */
  #bake(text) {
    const manner = `Path=${this.#path}; Secure; SameSite=None; Partitioned; Max-Age=${text === null ? 0 : DAYS_30}`;
    try {
      document.cookie = `${this.#cookie}=${encodeURIComponent(text ?? "")}; ${manner}`;
    } catch {
      return false;
    }
    return this.#baked() === text;
  }
}

function cookies() {
  try {
    return document.cookie.split("; ");
  } catch {
    return [];
  }
}

/** @param {string | null | undefined} text @returns {Kept} */
function parsed(text) {
  try {
    const kept = JSON.parse(text ?? "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}
