// @ts-check
/**
 * What to show of a text that stops in the middle of a mark.
 *
 * Half a mark means something else, or is shown as it is typed: `**bold` with its stars, a `-` that makes a heading
 * of the line above, the row of bars before a table. So the end of a text that is still being written is drawn as if
 * the open marks were closed, and a mark alone is held back until it is known what it begins. Only the last block is
 * touched, and only while the text is being written.
 */

const FENCE = /^[ \t>]*(?:(?:[-+*]|\d{1,3}[.)])[ \t]+)*(`{3,}(?=[^`\n]*$)|~{3,})/gm;
const LINE_OF_MARKS = /(?:^|\n)[ \t]*(?:[-+*_=#>|`~]+|\d{1,3}[.)]?|[-+*] \[[ xX]?)[ \t]*$/;
const TABLE_HEAD = /(?:^|\n)\|[^\n]*(?:\n[|:\- \t]*)?$/;
const TABLE_RULE = /\n\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*\|?\n/;
const BLOCK_START = /\n(?=[ \t]*(?:\n|[-+*] |\d{1,3}[.)] |#|>|\|))/g;

/** Longer than this nothing is held back, however much it looks like a mark. */
const PATIENCE = 1000;

/**
 * @param {string} source
 * @returns {string}
 */
export function closeUnfinished(source) {
  const fence = lastFence(source);
  if (fence.isOpen) return source.replace(/\n[ \t]*(?:`+|~+)$/, "\n");
  const paragraph = Math.max(source.lastIndexOf("\n\n") + 1, fence.end);
  const held = holdBlock(source.slice(paragraph));
  const block = startOfBlock(held);
  return source.slice(0, paragraph) + held.slice(0, block) + closeInline(held.slice(block));
}

/**
 * Whether the text ends inside fenced code, and where its last fence ends.
 *
 * @param {string} source
 */
function lastFence(source) {
  let open = "";
  let end = 0;
  for (const { 0: line, 1: fence, index } of source.matchAll(FENCE)) {
    if (open && (fence[0] !== open[0] || fence.length < open.length)) continue;
    open = open ? "" : fence;
    end = index + line.length;
  }
  return { isOpen: open !== "", end };
}

/** Without what may yet become a table, a display formula or a mark at the beginning of a line. @param {string} text */
function holdBlock(text) {
  const head = TABLE_HEAD.exec(text);
  if (head && head[0].length < PATIENCE && !TABLE_RULE.test(text)) return text.slice(0, head.index);
  const formula = openDisplay(text);
  if (formula >= 0 && text.length - formula < PATIENCE) return text.slice(0, formula).trimEnd();
  const marks = LINE_OF_MARKS.exec(text);
  return marks ? text.slice(0, marks.index) : text;
}

/** Where a display formula begins that has no end yet, or -1. @param {string} text */
function openDisplay(text) {
  const dollars = [...text.matchAll(/\$\$/g)];
  if (dollars.length % 2) return dollars[dollars.length - 1].index;
  const bracket = text.lastIndexOf("\\[");
  return text.indexOf("\\]", bracket) < 0 ? bracket : -1;
}

/** Marks within a line do not reach beyond its block. @param {string} text */
function startOfBlock(text) {
  let start = 0;
  for (const match of text.matchAll(BLOCK_START)) start = match.index + 1;
  return start;
}

/** @param {string} text */
function closeInline(text) {
  const ticks = openTicks(text);
  if (ticks) return text.endsWith(ticks) ? text.slice(0, -ticks.length) : text + ticks;
  const shown = closeLink(text);
  return closeEmphasis(shown.replace(/\\\((?:(?!\\\)).)*$|\\$/s, ""));
}

/** The backticks that opened a code span which is not closed, or "". @param {string} text */
function openTicks(text) {
  let open = "";
  for (const [ticks] of text.matchAll(/`+/g)) {
    if (!open) open = ticks;
    else if (ticks === open) open = "";
  }
  return open;
}

/** An address that is still being written is not shown, the text of the link is. @param {string} text */
function closeLink(text) {
  const match = /(?<![\w\])])!?\[([^[\]\n]*)(?:\]\([^()\n]*)?$/.exec(text);
  if (!match || match[0].length > PATIENCE) return text;
  const isNumber = /^\d*$/.test(match[1]) && !match[0].includes("]");
  const before = text.slice(0, match.index);
  return isNumber ? before.trimEnd() : before + match[1];
}

/** @param {string} text */
function closeEmphasis(text) {
  /** @type {string[]} */
  const open = [];
  const marks = /(?<!\\)(?:\*{1,3}|(?<![\p{L}\p{N}])_{1,3}|_{1,3}(?![\p{L}\p{N}])|~~)|`+[^`]*`+|\\./gsu;
  for (const { 0: mark, index } of text.matchAll(marks)) {
    if (mark[0] === "`" || mark[0] === "\\") continue;
    const rest = /\S/.test(text[index - 1] ?? "") ? close(open, mark) : mark;
    if (!rest) continue;
    const end = index + mark.length;
    if (end === text.length) return text.slice(0, index).trimEnd() + open.reverse().join("");
    if (/\S/.test(text[end])) open.push(rest);
  }
  const space = /\s*$/.exec(text)?.[0] ?? "";
  return text.slice(0, text.length - space.length) + open.reverse().join("") + space;
}

/**
 * @param {string[]} open  loses what the mark closes
 * @param {string} mark
 * @returns {string}  what of the mark closes nothing
 */
function close(open, mark) {
  for (let last = open.at(-1); last && mark.startsWith(last); last = open.at(-1)) {
    mark = mark.slice(last.length);
    open.pop();
  }
  return mark;
}
