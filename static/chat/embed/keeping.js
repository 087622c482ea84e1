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
 *
 * @typedef {{load: () => Promise<string | null>, store: (value: string | null) => void}} Elsewhere The page around.
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

  /** @param {string} chat The web chat's id. @param {string} site The origin of the page around it. */
  constructor(chat, site) {
    const encoded = encodeURIComponent(site).replaceAll(".", "%2E");
    /** Begins the name of all that is kept for this chat on this site; no other site's begins like it. */
    this.owner = `${chat}.${encoded}`;
    this.#place = `parley.visitor.${this.owner}`;
    this.#cookie = `parley-visitor-${encoded.replaceAll("%", "-")}`;
    this.#path = `/web-chats/${chat}`;
    this.#kept = parsed(this.#read());
  }

  /** What is kept now: another tab may have changed it. */
  get kept() {
    const found = this.#read();
    return found === null ? this.#kept : (this.#kept = parsed(found));
  }

  /** @param {Partial<Record<keyof Kept, string | undefined>>} changes Undefined removes it. */
  keep(changes) {
    this.#changed = true;
    const kept = { ...this.kept, ...changes };
    this.#kept = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
    const text = Object.keys(this.#kept).length ? JSON.stringify(this.#kept) : null;
    if (write("localStorage", this.#place, text) || this.#bake(text)) return;
    this.#elsewhere?.store(text);
  }

  /** The page around can keep it. Resolves when all is read. @param {Elsewhere} elsewhere */
  async connect(elsewhere) {
    this.#elsewhere = elsewhere;
    if (this.#lasts()) return;
    const found = await elsewhere.load();
    if (!this.#changed) this.#kept = parsed(found);
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

/** @param {string | null} text @returns {Kept} */
function parsed(text) {
  try {
    const kept = JSON.parse(text ?? "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}
