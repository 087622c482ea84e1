// @ts-check
/**
 * Emphasis in Chinese, Japanese and Korean, which are written without spaces.
 *
 * By the common rule the stars of `**先備份。**再檢查` close nothing, because a full stop stands before them and a letter
 * behind. Where one of the two is such a script's the stars mean what they look like.
 */

/** @import { TokenizerAndRendererExtension } from "marked" */

const EMPHASIS = /^(\*{1,2})(?![\s*])((?:\\.|`[^`]*`|(?!\1)[^\\])+?)(?<![\s*])\1(?!\*)/s;
const MARK = /[\p{P}\p{S}]/u;
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef]/u;

/** Whether the rule of spaces and punctuation fails at a pair of neighbours for want of a space. */
const isBlocked = (/** @type {string} */ inside, /** @type {string} */ outside) =>
  MARK.test(inside) && outside !== "" && !/\s/.test(outside) && (CJK.test(inside) || CJK.test(outside));

/** @type {TokenizerAndRendererExtension} */
const cjkEmphasis = {
  name: "cjkEmphasis",
  level: "inline",
  tokenizer(source, tokens) {
    const match = EMPHASIS.exec(source);
    if (!match) return undefined;
    const [raw, stars, text] = match;
    const before = tokens.at(-1)?.raw.slice(-1) ?? "";
    const after = source.slice(raw.length, raw.length + 1);
    if (!isBlocked(text[0], before) && !isBlocked(text.slice(-1), after)) return undefined;
    const type = stars.length === 2 ? "strong" : "em";
    return { type, raw, text, tokens: this.lexer.inlineTokens(text) };
  },
  childTokens: ["tokens"],
};

export const emphasis = { extensions: [cjkEmphasis] };
