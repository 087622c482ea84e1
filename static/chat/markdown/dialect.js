// @ts-check
/** The Markdown that a reply may use, and the plain HTML it becomes before it is sanitised and dressed. */

/** @import { MarkedExtension, Renderer, Token, Tokens, TokenizerAndRendererExtension } from "marked" */

import { Lexer, Marked, Parser } from "../../vendor/marked.js";
import { escapeHtml } from "./clean.js";
import { emphasis } from "./emphasis.js";
import { formulas } from "./formulas.js";

/**
 * What the HTML of a block depends on besides its own text.
 *
 * @typedef {object} Surroundings
 * @property {{ has(number: number): boolean }} citations  the source numbers that exist
 * @property {number} firstHeading  depth of the first heading so far: it becomes `h3`, the others follow it
 */

/** The type of what could not be parsed. */
const AS_WRITTEN = "as written";
/** The parser looks for each mark's partner in all that follows: so much of it takes a tenth of a second. */
const MOST_SEARCHED = 8e6;
const MARK = /[*_]+|~+|[[\\<`$]/g;
/** Short rows are filled up to the width of the head, so a little text can ask for millions of cells. */
const MOST_CELLS = 20_000;
const TABLE_HEAD = /^([^\n]*\|[^\n]*)\n[ |:-]*-[ |:-]*(?:\n|$)/;
const SAFE_ADDRESS = /^(?:https?:\/\/|mailto:)/i;

class ReplyParser extends Parser {
  /** @type {Surroundings} */
  surroundings;
  linkDepth = 0;

  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    super(dialect.defaults);
    this.surroundings = surroundings;
  }
}

/**
 * @param {{ parser: unknown }} renderer
 * @returns {ReplyParser}
 */
const parserOf = (renderer) => /** @type {ReplyParser} */ (renderer.parser);

/**
 * @param {string} address
 * @param {string} html
 * @returns {string}
 */
function anchor(address, html) {
  return SAFE_ADDRESS.test(address) ? `<a href="${escapeHtml(address)}">${html}</a>` : html;
}

/**
 * Links do not nest in HTML, so a picture inside a link gives its description only.
 *
 * @this {Renderer}
 * @param {Tokens.Link} token
 * @returns {string}
 */
function link(token) {
  const parser = parserOf(this);
  parser.linkDepth += 1;
  const html = parser.parseInline(token.tokens);
  parser.linkDepth -= 1;
  return anchor(token.href, html);
}

/**
 * @this {Renderer}
 * @param {Tokens.Image} token
 * @returns {string}
 */
function image(token) {
  const { href, text } = token;
  const html = escapeHtml(text || (SAFE_ADDRESS.test(href) ? href : ""));
  return parserOf(this).linkDepth ? html : anchor(href, html);
}

/**
 * @this {Renderer}
 * @param {Tokens.Heading} token
 * @returns {string}
 */
function heading(token) {
  const { depth, tokens } = token;
  const parser = parserOf(this);
  const level = Math.min(6, Math.max(3, 3 + depth - parser.surroundings.firstHeading));
  return `<h${level}>${parser.parseInline(tokens)}</h${level}>`;
}

/** @param {Tokens.Code} token */
function code({ text, lang }) {
  const name = /^[\w+#.-]{1,32}/.exec(lang ?? "")?.[0];
  const language = name ? ` class="language-${name}"` : "";
  return `<pre><code${language}>${escapeHtml(text)}</code></pre>`;
}

/**
 * @param {string} source  that may begin with a table
 * @returns {boolean}
 */
function isTooLarge(source) {
  const head = TABLE_HEAD.exec(source);
  if (!head) return false;
  const columns = head[1].split("|").length;
  let rows = 0;
  for (let at = head[0].length; at > 0 && source[at] && source[at] !== "\n"; at = source.indexOf("\n", at) + 1) {
    rows += 1;
    if (rows * columns > MOST_CELLS) return true;
  }
  return columns > MOST_CELLS;
}

/**
 * @param {string} inside  of a block
 * @returns {boolean}
 */
const asksTooMuch = (inside) => inside.length * (inside.match(MARK)?.length ?? 0) > MOST_SEARCHED;

/** @type {MarkedExtension} */
const plain = {
  gfm: true,
  // HTML is never HTML here: without these two rules it stays the text that it is.
  // What is too large for a table is no table; `false` leaves the others to the parser's own rule.
  tokenizer: {
    html: () => undefined,
    tag: () => undefined,
    table: (source) => (isTooLarge(source) ? undefined : false),
  },
  renderer: { link, image, heading, code, checkbox: ({ checked }) => (checked ? "\u2611 " : "\u2610 ") },
};

/** The one exception: models break lines in table cells with it. @type {TokenizerAndRendererExtension} */
const lineBreak = {
  name: "lineBreak",
  level: "inline",
  start: (source) => /<br\s*\/?>/i.exec(source)?.index,
  tokenizer(source) {
    const match = /^<br\s*\/?>/i.exec(source);
    return match ? { type: "lineBreak", raw: match[0] } : undefined;
  },
  renderer: () => "<br>",
};

/** `[1]`, unless it is a link. Whether there is such a source is known when it is rendered. @type {TokenizerAndRendererExtension} */
const citation = {
  name: "citation",
  level: "inline",
  start: (source) => /\[\d/.exec(source)?.index,
  tokenizer(source) {
    const match = /^\[(\d{1,3})\](?!\()(?:\[([^\]\n]+)\])?/.exec(source);
    if (!match || this.lexer.state.inLink) return undefined;
    const { links } = this.lexer.tokens;
    if (links[match[1]] || (match[2] && links[match[2].toLowerCase()])) return undefined;
    return { type: "citation", raw: `[${match[1]}]`, number: Number(match[1]) };
  },
  renderer(token) {
    if (!parserOf(this).surroundings.citations.has(token.number)) return escapeHtml(token.raw);
    return `<sup class="cite">${token.number}</sup>`;
  },
};

const dialect = new Marked(plain, formulas, emphasis, { extensions: [lineBreak, citation] });

/**
 * Cuts a text into its top-level blocks; their insides are parsed only when asked for.
 *
 * The parser descends by recursion. What is nested so deeply that it cannot be parsed is shown as it was written.
 */
export class BlockLexer extends Lexer {
  /** @type {Map<Token[], string>} */
  #insides;

  /** @param {string} source */
  constructor(source) {
    super(dialect.defaults);
    try {
      this.blockTokens(source, this.tokens);
    } catch {
      this.tokens.push({ type: AS_WRITTEN, raw: source.slice(lengthOf(this.tokens)) });
    }
    this.#insides = new Map(this.inlineQueue.map(({ src, tokens }) => [tokens, src]));
  }

  /** The reference definitions, which can change any block; empty if there are none. */
  get definitions() {
    const { links } = this.tokens;
    return Object.keys(links).length ? JSON.stringify(links) : "";
  }

  /**
   * @param {Token} token
   * @param {Surroundings} surroundings
   * @returns {string}
   */
  html(token, surroundings) {
    try {
      this.#fill(token);
      if (token.type !== AS_WRITTEN) return new ReplyParser(surroundings).parse([token]).trim();
    } catch {
      // Too deep for the stack, as above.
    }
    return `<p>${escapeHtml(token.raw)}</p>`;
  }

  /** @param {any} token  of any kind: children hang at different places */
  #fill(token) {
    const inside = this.#insides.get(token.tokens);
    if (inside !== undefined) {
      this.#insides.delete(token.tokens);
      if (asksTooMuch(inside)) token.tokens.push({ type: "text", raw: inside, text: inside, escaped: false });
      else this.inlineTokens(inside, token.tokens);
      return;
    }
    for (const children of [token.tokens, token.items, token.header, token.rows?.flat()])
      for (const child of children ?? []) this.#fill(child);
  }
}

/** @param {Token[]} tokens */
const lengthOf = (tokens) => tokens.reduce((length, token) => length + token.raw.length, 0);
