// @ts-check
/** The sidebar as a place that opens and closes: a drawer over the chat on phones, a column that folds on wide screens. */

import { find } from "./dom.js";
import { read, write } from "./storage.js";

const FOLDED = "parley.sidebar";

export class Drawer {
  #root = document.documentElement;
  #sidebar = find("#sidebar");
  #scrim = find("#scrim");
  #opener = find("#open-sidebar");
  #closer = find("#close-sidebar");
  #chat = find("#chat");
  #narrow = matchMedia("(max-width: 767.98px)");

  constructor() {
    this.#opener.addEventListener("click", () => this.open());
    this.#closer.addEventListener("click", () => this.close());
    this.#scrim.addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#isOver && !event.defaultPrevented) this.close();
    });
    this.#narrow.addEventListener("change", () => this.#settle());
    this.#settle();
  }

  open() {
    this.#show(true);
    this.#closer.focus();
  }

  close() {
    const hadFocus = this.#sidebar.contains(document.activeElement);
    this.#show(false);
    if (hadFocus) this.#opener.focus();
  }

  /** Somebody chose a conversation: on a phone the drawer has done its work. */
  closeIfOver() {
    if (this.#isOver) this.#show(false);
  }

  /** It covers the chat, which then cannot be reached. */
  get #isOver() {
    return this.#narrow.matches && this.#root.dataset.sidebar === "open";
  }

  #settle() {
    this.#show(this.#narrow.matches ? false : read("localStorage", FOLDED) !== "folded");
  }

  /** @param {boolean} open */
  #show(open) {
    this.#root.dataset.sidebar = open ? "open" : "closed";
    this.#opener.ariaExpanded = this.#closer.ariaExpanded = String(open);
    this.#opener.hidden = open && !this.#narrow.matches;
    this.#scrim.hidden = !this.#isOver;
    this.#chat.inert = this.#isOver;
    if (!this.#narrow.matches) write("localStorage", FOLDED, open ? null : "folded");
  }
}
