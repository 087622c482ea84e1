// @ts-check
/** The head of the embedded chat: its menu, the way back, and closing it. */

import { find } from "../dom.js";
import { Menu } from "../menu.js";

/** @import { Ending } from "../socket.js" */

export class Header {
  #closer = find("#close");
  /** @type {NodeListOf<HTMLElement>} */
  #prospects = document.querySelectorAll("[data-prospect]");

  /**
   * @param {object} actions
   * @param {() => void} actions.onNewChat
   * @param {() => void} actions.onHistory
   * @param {() => void} actions.onClear
   * @param {() => void} actions.onClose
   */
  constructor({ onNewChat, onHistory, onClear, onClose }) {
    const button = find("#more");
    const menu = new Menu(find("#more-menu"), "end");
    button.addEventListener("click", () => menu.toggle(button));
    for (const [action, act] of Object.entries({ new: onNewChat, history: onHistory, clear: onClear })) {
      find(`[data-action=${action}]`, menu.element).addEventListener("click", act);
    }
    this.#closer.addEventListener("click", onClose);
    for (const picture of document.querySelectorAll("[data-picture]")) dropBroken(/** @type {HTMLImageElement} */ (picture));
    document.addEventListener("keydown", (event) => {
      const elsewhere = event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]");
      if (event.key === "Escape" && !elsewhere && !this.#closer.hidden) onClose();
    });
  }

  /** There is something around the chat that can close it. */
  offerClosing() {
    this.#closer.hidden = false;
  }

  /** What a visitor may expect, below the name. @param {"usual" | "form" | Ending} prospect */
  tell(prospect) {
    for (const one of this.#prospects) one.hidden = one.dataset.prospect !== prospect;
  }

  /** The embedded chat has one name, whatever is open. */
  show() {}
}

/** A picture that cannot be had leaves no gap. @param {HTMLImageElement} picture */
function dropBroken(picture) {
  if (picture.complete && !picture.naturalWidth) picture.remove();
  else picture.addEventListener("error", () => picture.remove());
}
