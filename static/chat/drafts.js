// @ts-check
/** What was begun and not sent, per conversation, for as long as the tab lives; without storage, as long as the page. */

import { keys, read, write } from "./storage.js";

const KEY = "parley.draft.";

/** @type {Map<string, string>} */
const here = new Map();

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

/** @param {string} user */
export function forgetDrafts(user) {
  const start = `${KEY}${user}.`;
  for (const key of keys("sessionStorage", start)) write("sessionStorage", key, null);
  for (const key of [...here.keys()]) if (key.startsWith(start)) here.delete(key);
}
