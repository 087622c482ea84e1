// @ts-check
/**
 * Says aloud what a reply says: whole sentences, at most once a second, through the page's one polite region. The
 * messages themselves are no live region, because screen readers choke on text that grows.
 */

import { read, write } from "./storage.js";

/** @typedef {"sentences" | "end" | "off"} Speech */

const PAUSE = 1000;
const SPEECH = "parley.speech";

/** How much is said of a reply; a choice of the person. @returns {Speech} */
export function speech() {
  const chosen = read("localStorage", SPEECH);
  return chosen === "end" || chosen === "off" ? chosen : "sentences";
}

/** @param {Speech} choice */
export function chooseSpeech(choice) {
  write("localStorage", SPEECH, choice);
}

export class Announcer {
  #region;
  #text = "";
  #spoken = 0;
  #timer = 0;

  /** @param {HTMLElement} region */
  constructor(region) {
    this.#region = region;
  }

  /** @param {string} sentence */
  say(sentence) {
    this.#region.textContent = "";
    // Two changes, so that the same sentence twice is heard twice.
    requestAnimationFrame(() => (this.#region.textContent = sentence));
  }

  /** A reply begins. @param {string} name Whose. */
  begin(name) {
    this.#text = "";
    this.#spoken = 0;
    if (speech() !== "off") this.say(interpolate(gettext("%(name)s is replying"), { name }, true));
  }

  /** The reply's text so far. @param {string} text */
  follow(text) {
    this.#text = text;
    if (speech() === "sentences") this.#timer ||= setTimeout(() => this.#speak(), PAUSE);
  }

  /** The reply ended. @param {string} outcome What is said last. */
  end(outcome) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const rest = speech() === "sentences" ? plain(this.#text.slice(this.#spoken)) : "";
    this.#text = "";
    this.#spoken = 0;
    if (speech() !== "off") this.say(rest ? `${rest} ${outcome}` : outcome);
  }

  /** A message came whole. @param {string} name Whose. @param {string} text */
  tell(name, text) {
    const said = interpolate(gettext("%(name)s said"), { name }, true);
    const words = speech() === "sentences" ? plain(text) : "";
    if (speech() !== "off") this.say(words ? `${said}: ${words}` : said);
  }

  #speak() {
    this.#timer = 0;
    const end = endOfLastSentence(this.#text, this.#spoken);
    if (end <= this.#spoken) return;
    const words = plain(this.#text.slice(this.#spoken, end));
    this.#spoken = end;
    if (words) this.say(words);
  }
}

/** @param {string} text @param {number} from */
function endOfLastSentence(text, from) {
  const ends = [...text.slice(from).matchAll(/[.!?](?=\s)|[。！？\n]/g)];
  const last = ends.at(-1);
  return last ? from + last.index + last[0].length : from;
}

/** Markdown without its marks, as one would read it out. @param {string} markdown */
function plain(markdown) {
  return markdown
    .replace(/^\s*(```|~~~).*$/gm, "")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\[\d+\]/g, "")
    .replace(/^\s*(#{1,6}|[-*+>]|\|)\s*/gm, "")
    .replace(/[*_`|]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}
