// @ts-check
/** A text and its nodes, block by block. */

/** @import { Token } from "marked" */

import { dressCitations } from "./citations.js";
import { dressCode } from "./code.js";
import { BlockLexer } from "./dialect.js";
import { highlightLater } from "./highlight.js";
import { dressLinks } from "./links.js";
import { dressLists } from "./lists.js";
import { dressMath, drawMathLater } from "./math.js";
import { morph } from "./morph.js";
import { sanitize } from "./sanitize.js";
import { dressTables } from "./tables.js";

/** @typedef {import("./citations.js").Citation} Citation */

/** So many blocks at the end may still become something else: a paragraph a heading, a tight list a loose one. */
const OPEN_BLOCKS = 2;

/**
 * A top-level block as it is on the page. The same key means the same HTML, the same HTML the same nodes.
 *
 * @typedef {object} Block
 * @property {string} key
 * @property {string} html
 * @property {ChildNode[]} nodes
 * @property {boolean} finished  nothing will be added to it, so it has its colours
 */

/** The beginning of a text that is not parsed again while the text grows. */
const NOTHING = { length: 0, blocks: 0, firstHeading: 0 };

export class Document {
  #root;
  #source = "";
  #definitions = "";
  #closed = NOTHING;
  /** @type {Block[]} */
  #blocks = [];
  /** @type {ReadonlyMap<number, Citation>} */
  #citations = new Map();

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
  }

  /** @param {ReadonlyArray<Citation>} citations */
  cite(citations) {
    this.#citations = new Map(citations.map((citation) => [citation.number, citation]));
    this.#forget();
    for (const block of this.#blocks) if (block.html.includes('class="cite"')) block.html = "";
  }

  /**
   * @param {string} source
   * @param {boolean} whole  nothing will follow: every block is looked at again, and finished
   */
  show(source, whole) {
    if (whole || !source.startsWith(this.#source.slice(0, this.#closed.length))) this.#closed = NOTHING;
    this.#source = source;
    const lexer = this.#lex();
    this.#update(lexer);
    this.#finish(whole ? this.#blocks.length : this.#blocks.length - 1);
    if (!whole && !lexer.definitions) this.#close(lexer.tokens);
  }

  /** Every block is rendered again, and made again where its HTML is another one then. */
  #forget() {
    this.#closed = NOTHING;
    for (const block of this.#blocks) block.key = "";
  }

  /** A reference definition can change any block, so with one the whole text is parsed. */
  #lex() {
    let lexer = new BlockLexer(this.#source.slice(this.#closed.length));
    if (lexer.definitions && this.#closed.length) lexer = new BlockLexer(this.#source);
    if (lexer.definitions) this.#closed = NOTHING;
    if (lexer.definitions !== this.#definitions) this.#forget();
    this.#definitions = lexer.definitions;
    return lexer;
  }

  /** @param {BlockLexer} lexer */
  #update(lexer) {
    let { blocks: index, firstHeading } = this.#closed;
    for (const token of lexer.tokens.filter(isVisible)) {
      firstHeading ||= depthOf(token);
      const key = `${token.type} ${firstHeading} ${token.raw}`;
      if (this.#blocks[index]?.key !== key) this.#put(index, key, lexer.html(token, this.#surroundings(firstHeading)));
      index += 1;
    }
    for (const block of this.#blocks.splice(index)) remove(block.nodes);
  }

  /** @param {number} firstHeading */
  #surroundings(firstHeading) {
    return { citations: this.#citations, firstHeading: firstHeading || 1 };
  }

  /**
   * @param {number} index
   * @param {string} key
   * @param {string} html
   */
  #put(index, key, html) {
    const old = this.#blocks[index];
    if (old?.html === html) {
      old.key = key;
      return;
    }
    const nodes = this.#nodes(html);
    if (!old) this.#root.append(...nodes);
    this.#blocks[index] = { key, html, nodes: old ? replace(old, nodes) : nodes, finished: false };
    for (const node of this.#blocks[index].nodes) if (node instanceof Element) drawMathLater(node);
  }

  /**
   * @param {string} html
   * @returns {ChildNode[]}
   */
  #nodes(html) {
    const fragment = sanitize(html);
    dressLinks(fragment);
    dressCitations(fragment, this.#citations);
    dressMath(fragment);
    dressLists(fragment);
    dressTables(fragment);
    dressCode(fragment);
    // A block without nodes keeps its place with an empty text.
    return fragment.hasChildNodes() ? [...fragment.childNodes] : [document.createTextNode("")];
  }

  /** @param {number} count */
  #finish(count) {
    for (const block of this.#blocks.slice(0, Math.max(0, count))) {
      if (block.finished) continue;
      block.finished = true;
      for (const node of block.nodes) if (node instanceof Element) highlightLater(node);
    }
  }

  /** @param {Token[]} tokens  all that was parsed in this drawing */
  #close(tokens) {
    const open = tokens.filter(isVisible).at(-OPEN_BLOCKS);
    let { length, blocks, firstHeading } = this.#closed;
    for (const token of tokens) {
      if (!open || token === open) break;
      length += token.raw.length;
      if (isVisible(token)) blocks += 1;
      firstHeading ||= depthOf(token);
    }
    this.#closed = { length, blocks, firstHeading };
  }
}

/** @param {Token} token */
const isVisible = (token) => token.type !== "space" && token.type !== "def";

/** @param {Token} token */
const depthOf = (token) => (token.type === "heading" ? Number(token.depth) : 0);

/** @param {ChildNode[]} nodes */
function remove(nodes) {
  for (const node of nodes) node.remove();
}

/**
 * A finished block was changed after parsing, so it is exchanged; an open one becomes equal to the new.
 *
 * @param {Block} old
 * @param {ChildNode[]} nodes
 * @returns {ChildNode[]}  what is on the page now
 */
function replace(old, nodes) {
  if (!old.finished && old.nodes.length === 1 && nodes.length === 1) return [morph(old.nodes[0], nodes[0])];
  old.nodes[0].before(...nodes);
  remove(old.nodes);
  return nodes;
}
