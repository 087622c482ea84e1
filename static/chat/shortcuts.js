// @ts-check
/** The keys of the page; the list of them is the dialog `shortcuts`. */

import { showDialog } from "./dialogs.js";
import { find, isField } from "./dom.js";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** @param {{onNewChat: () => void, onSearch: () => void}} actions */
export function wireShortcuts({ onNewChat, onSearch }) {
  find("#new-chat-keys").textContent = isMac ? "⌘ J" : "Ctrl J";
  for (const key of document.querySelectorAll("[data-command-key]")) key.textContent = isMac ? "⌘" : "Ctrl";
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const action = actionOf(event, { onNewChat, onSearch });
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** @param {KeyboardEvent} event @param {{onNewChat: () => void, onSearch: () => void}} actions */
function actionOf({ key, ctrlKey, metaKey, altKey, shiftKey, target }, { onNewChat, onSearch }) {
  if ((isMac ? metaKey : ctrlKey) && !altKey && !shiftKey && key.toLowerCase() === "j") return onNewChat;
  if (ctrlKey || metaKey || altKey || isField(target)) return null;
  if (key === "/") return onSearch;
  return key === "?" ? () => showDialog("shortcuts") : null;
}
