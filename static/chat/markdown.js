// @ts-check
/**
 * Markdown on the page: the one place where what a model or a person wrote becomes markup.
 *
 * `renderInto` shows a whole text, `StreamRenderer` one that is still being written. Both go the same way (text,
 * blocks, HTML, sanitised nodes, dressed nodes) and end in the same nodes. While a text grows only its last
 * blocks are parsed, and only blocks whose HTML changed are made again.
 */

import { detectLang } from "./lang.js";
import { makeCaret, placeCaret } from "./markdown/caret.js";
import { clean } from "./markdown/clean.js";
import { Document } from "./markdown/document.js";
import { Pacer } from "./markdown/pacer.js";
import { closeUnfinished } from "./markdown/unfinished.js";

export { settled } from "./markdown/later.js";

/**
 * @typedef {object} Options
 * @property {ReadonlyArray<import("./markdown/citations.js").Citation>} [citations]  what `[1]` may point to
 * @property {string} [lang]  of the text; found out from the text itself when absent
 */

/**
 * Shows a whole text in `element`, in place of what was there.
 *
 * @param {HTMLElement} element
 * @param {string} text
 * @param {Options} [options]
 */
export function renderInto(element, text, options = {}) {
  new StreamRenderer(element, options).finish(text);
}

/** Shows a text while it is being written. The element and all that is in it belong to the renderer. */
export class StreamRenderer {
  #element;
  #document;
  #lang;
  #text = "";
  #finished = false;
  #caret = makeCaret();
  #pacer = new Pacer(() => this.#draw(false));

  /**
   * @param {HTMLElement} element
   * @param {Options} [options]
   */
  constructor(element, { citations = [], lang } = {}) {
    this.#element = element;
    this.#lang = lang;
    this.#document = new Document(element);
    this.#document.cite(citations);
    element.replaceChildren();
  }

  /**
   * The text is longer now (or another one: then it is made again). Drawn at the next good moment.
   *
   * @param {string} text  the whole text so far
   */
  update(text) {
    this.#text = text;
    this.#finished = false;
    this.#pacer.ask();
  }

  /**
   * The text is whole: drawn at once, and the caret goes.
   *
   * @param {string} [text]  as last told, when absent
   */
  finish(text = this.#text) {
    this.#text = text;
    this.#finished = true;
    this.#pacer.cancel();
    this.#draw(true);
  }

  /**
   * Sources usually become known at the end: their numbers in the text come alive then.
   *
   * @param {NonNullable<Options["citations"]>} citations
   */
  setCitations(citations) {
    this.#document.cite(citations);
    if (this.#finished) this.#draw(true);
    else this.#pacer.ask();
  }

  /** Nothing is drawn any more, for an element that leaves the page. */
  dispose() {
    this.#pacer.cancel();
  }

  /** @param {boolean} whole */
  #draw(whole) {
    const lang = this.#lang ?? detectLang(this.#text);
    // Only when it changes: to write it makes the browser look up the style of everything inside again.
    if (this.#element.lang !== lang || !this.#element.hasAttribute("lang")) this.#element.lang = lang;
    const source = clean(this.#text);
    this.#document.show(whole ? source : closeUnfinished(source), whole);
    if (whole) this.#caret.remove();
    else placeCaret(this.#element, this.#caret);
  }
}
