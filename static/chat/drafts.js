// @ts-check
/** What was begun and not sent, per conversation, for as long as the tab lives. */

import { read, write } from "./storage.js";

const KEY = "parley.draft.";

/** @param {string} user @param {string | null} conversation Null: the new chat. */
const keyOf = (user, conversation) => `${KEY}${user}.${conversation ?? "new"}`;

/** @param {string} user @param {string | null} conversation */
export const readDraft = (user, conversation) => read("sessionStorage", keyOf(user, conversation)) ?? "";

/** @param {string} user @param {string | null} conversation @param {string} text */
export const keepDraft = (user, conversation, text) =>
  write("sessionStorage", keyOf(user, conversation), text === "" ? null : text);
