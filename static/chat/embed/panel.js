// @ts-check
/** The visitor's conversations, over the chat. While they are shown they hold the focus. */

import { find } from "../dom.js";

export class Panel {
  #element = find("#panel");
  #closer = find("#close-panel");
  #chat = find("#chat");
  #onClose;

  /** @param {() => void} onClose It has gone, and the focus needs a place. */
  constructor(onClose) {
    this.#onClose = onClose;
    this.#closer.addEventListener("click", () => this.close());
    this.#element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
      event.preventDefault();
      this.close();
    });
  }

  open() {
    this.#show(true);
    this.#closer.focus();
  }

  close() {
    if (this.#element.hidden) return;
    this.#show(false);
    this.#onClose();
  }

  /** @param {boolean} open */
  #show(open) {
    this.#element.hidden = !open;
    this.#chat.inert = open;
  }
}
