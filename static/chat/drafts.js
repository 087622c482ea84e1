// @ts-check
/** What was begun and not sent, per conversation, for as long as the tab lives; without storage, as long as the page. */

import { keys, read, write } from "./storage.js";

/** @import { Chosen } from "./uploads.js" */

const KEY = "parley.draft.";

/** @type {Map<string, string>} */
const here = new Map();
/** @type {Map<string, Chosen[]>} Files that were chosen live as long as the page. */
const files = new Map();

/** @param {string} user @param {string | null} conversation Null: the new chat. */
const keyOf = (user, conversation) => `${KEY}${user}.${conversation ?? "new"}`;

/** @param {string} user @param {string | null} conversation */
export function readDraft(user, conversation) {
  const key = keyOf(user, conversation);
  return read("sessionStorage", key) ?? here.get(key) ?? "";
}

/** @param {string} user @param {string | null} conversation @param {string} text */
export function keepDraft(user, conversation, text) {
  const key = keyOf(user, conversation);
  if (text === "") here.delete(key);
  else here.set(key, text);
  write("sessionStorage", key, text === "" ? null : text);
}

/** @param {string} user @param {string | null} conversation */
export function readFiles(user, conversation) {
  return files.get(keyOf(user, conversation)) ?? [];
}

/** @param {string} user @param {string | null} conversation @param {Chosen[]} chosen */
export function keepFiles(user, conversation, chosen) {
  const key = keyOf(user, conversation);
  if (chosen.length) files.set(key, chosen);
  else files.delete(key);
}

/** @param {string} user */
export function forgetDrafts(user) {
  const start = `${KEY}${user}.`;
  for (const key of [...files.keys()]) if (key.startsWith(start)) files.delete(key);
  for (const key of keys("sessionStorage", start)) write("sessionStorage", key, null);
  for (const key of [...here.keys()]) if (key.startsWith(start)) here.delete(key);
}
