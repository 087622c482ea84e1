// @ts-check
/** The button in the corner and the panel that it opens. */

import { makeDraggable } from "./drag.js";
import { button, CHAT, CROSS, DOWN, icon, make, ownRoot } from "./marks.js";
import { recall, remember } from "./memory.js";
import { Notice } from "./notice.js";
import { Panel } from "./panel.js";
import { ring } from "./sound.js";
import { wordsFor } from "./words.js";

/** @import { Options } from "./options.js" */

const GAP = 16;
const MARGIN = 20;
const PLACES = /^(top|bottom)?-?(left|right)$/;
/** In this session of the browser the visitor has opened the chat, or sent away what it proposed. */
const SETTLED = "settled";

const phone = matchMedia("(max-width: 479.98px)");

export class Widget {
  #options;
  #emit;
  #unread = 0;
  #timer = 0;
  /** @type {Element | null} */
  #before = null;

  #host = document.createElement("parley-launcher");
  #box = ownRoot(this.#host);
  #dot = make("span", "dot");
  #launcher = button("launcher", () => (this.isOpen() ? this.close() : this.open()), icon(CHAT), icon(DOWN), this.#dot);
  #proposal = button("", () => this.open());
  #dismiss = button("cross", () => this.#settle(), icon(CROSS));
  #teaser = make("div", "teaser", this.#proposal, this.#dismiss);
  #corner = make("div", "corner", this.#launcher, this.#teaser);
  #notice = new Notice(() => this.close());
  #dialog = make("dialog", "panel", this.#notice.element);

  /** @param {Options} options @param {(name: string, detail?: unknown) => void} emit */
  constructor(options, emit) {
    this.#options = options;
    this.#emit = emit;
    this.panel = new Panel(options, {
      state: () => this.#tellState(),
      close: () => this.close(),
      unread: (count) => this.#count(count),
      event: emit,
    });
    this.#dress();
    this.#box.append(this.#corner, this.#dialog);
    document.body.appendChild(this.#host);
    if (options.allowDrag) makeDraggable(this.#corner, this.#launcher, () => this.#place());
    this.#launcher.ariaExpanded = "false";
    this.speak();
    this.#place();
    this.#host.addEventListener("keydown", this.#keys);
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    // Some systems close a dialog by themselves, as by the way back on a phone.
    this.#dialog.addEventListener("close", () => this.isOpen() && !this.#dialog.open && this.close());
    window.addEventListener("resize", this.#fit);
    phone.addEventListener("change", this.#fit);
    this.#proactive();
  }

  isOpen() {
    return this.panel.opened;
  }

  /** @param {boolean} [focus] Whether the visitor goes there; false for what nobody asked for. */
  open(focus = true) {
    if (this.isOpen()) return focus ? this.panel.focus() : undefined;
    if (!this.#host.isConnected) document.body.appendChild(this.#host);
    this.#before = document.activeElement;
    this.#settle();
    this.load();
    this.panel.show(true);
    this.#launcher.ariaExpanded = "true";
    this.#showDialog();
    this.#count(0);
    if (focus) this.panel.focus();
    this.#emit("open");
  }

  close() {
    if (!this.isOpen()) return;
    const inside = document.activeElement === this.#host;
    this.panel.show(false);
    this.#hideDialog();
    this.#launcher.ariaExpanded = "false";
    this.speak();
    const before = this.#before;
    if (inside) (before instanceof HTMLElement && before !== document.body && before !== this.#host ? before : this.#launcher).focus();
    this.#before = null;
    this.#emit("close");
  }

  /** Make the frame, which opening does anyway, for a call that needs it. */
  load() {
    this.panel.load(this.#dialog, this.#words.title);
    this.#tellState();
  }

  /** Say something beside the button, which opens the chat. @param {string} [message] */
  propose(message = "") {
    this.#proposal.textContent = message;
    this.#teaser.hidden = this.isOpen() || !message;
  }

  /** In the language of the options. */
  speak() {
    const { open, close, unread, title, dismiss } = this.#words;
    const name = this.isOpen() ? close : this.#options.label || open;
    const shown = this.#options.showChatNotification && !this.isOpen() && this.#unread > 0;
    this.#dot.hidden = !shown;
    this.#launcher.ariaLabel = shown ? `${name}, ${unread(this.#unread)}` : name;
    this.#dialog.ariaLabel = title;
    this.#dismiss.ariaLabel = dismiss;
    this.#tellState();
  }

  end() {
    clearTimeout(this.#timer);
    window.removeEventListener("resize", this.#fit);
    phone.removeEventListener("change", this.#fit);
    this.panel.end();
    this.#host.remove();
  }

  get #words() {
    return wordsFor(this.#options.lang);
  }

  /** What the page has set; set from script, because a page may refuse style attributes. */
  #dress() {
    const { style, theme, position = "" } = this.#options;
    Object.keys(style).forEach((name) => this.#box.style.setProperty(name, style[name] ?? ""));
    if (theme) this.#box.dataset.theme = theme;
    this.#corner.dataset.place = PLACES.test(position) ? position : "right";
    this.#teaser.hidden = true;
    this.#teaser.role = "status";
  }

  #proactive() {
    const { proactiveMessage, openAfterSeconds } = this.#options;
    if (recall("sessionStorage", SETTLED)) return;
    this.propose(proactiveMessage);
    if (openAfterSeconds >= 0) this.#timer = setTimeout(() => this.open(false), openAfterSeconds * 1000);
  }

  #settle() {
    clearTimeout(this.#timer);
    this.#teaser.hidden = true;
    remember("sessionStorage", SETTLED, "1");
  }

  #showDialog() {
    this.#place();
    this.#dialog.dataset.sheet = `${phone.matches}`;
    // As a sheet it holds the focus and the page behind stands still; as a panel it is one thing among others. The
    // attribute, because `show()` would take the focus from wherever the visitor is.
    if (phone.matches) this.#dialog.showModal();
    else this.#dialog.setAttribute("open", "");
    this.speak();
  }

  #hideDialog() {
    if (this.#dialog.dataset.sheet === "true") this.#dialog.close();
    else this.#dialog.removeAttribute("open");
  }

  /** @param {number} count */
  #count(count) {
    if (count > this.#unread && this.#options.sound && !this.isOpen()) ring();
    if (count !== this.#unread) this.#emit("unread", { count });
    this.#unread = count;
    this.speak();
  }

  #tellState() {
    this.#dialog.dataset.state = this.panel.state;
    this.#notice.tell(this.panel.state, this.panel.address, this.#options.lang);
  }

  #fit = () => {
    this.#place();
    if (!this.isOpen() || this.#dialog.dataset.sheet === `${phone.matches}`) return;
    this.#hideDialog();
    this.#showDialog();
  };

  /** Above the button if it fits there, else below, else beside. */
  #place() {
    const at = this.#corner.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const width = Math.min(380, clientWidth - 2 * MARGIN);
    const height = Math.min(640, clientHeight - 112);
    const leftSide = at.left + at.width / 2 < clientWidth / 2;
    const above = at.top - GAP - height;
    const below = at.bottom + GAP;
    let left = leftSide ? at.left : at.right - width;
    let top = above;
    if (above < MARGIN - 1) {
      top = below;
      if (below + height > clientHeight - MARGIN + 1) left = leftSide ? at.right + GAP : at.left - GAP - width;
    }
    /** @param {number} value @param {number} room */
    const inside = (value, room) => `${Math.max(MARGIN, Math.min(value, room - MARGIN))}px`;
    this.#dialog.style.setProperty("--left", inside(left, clientWidth - width));
    this.#dialog.style.setProperty("--top", inside(top, clientHeight - height));
    this.#box.dataset.side = leftSide ? "left" : "right";
  }

  /** @param {KeyboardEvent} event */
  #keys = (event) => {
    if (event.key !== "Escape" || !this.isOpen()) return;
    event.stopPropagation();
    this.close();
  };
}
