// @ts-check
/** The button in the corner and the panel that it opens. */

import { makeDraggable } from "./drag.js";
import { button, CHAT, CROSS, DOWN, icon, make, ownRoot } from "./marks.js";
import { recall, remember } from "./memory.js";
import { makePanel } from "./panel.js";
import { ring } from "./sound.js";
import { wordsFor } from "./words.js";

/** @import { Options } from "./options.js" */
/** @typedef {ReturnType<typeof makeWidget>} Widget */

const GAP = 16;
const MARGIN = 20;
const PLACES = /^(top|bottom)?-?(left|right)$/;
/** In this session of the browser the visitor has opened the chat, or sent away what it proposed. */
const SETTLED = "settled";

const phone = matchMedia("(max-width: 479.98px)");

/** @param {Options} options @param {(name: string, detail?: unknown) => void} emit */
export function makeWidget(options, emit) {
  const { style, theme, position = "", proactiveMessage = "", openAfterSeconds } = options;
  let unread = 0;
  let timer = 0;
  /** @type {Element | null} */
  let before = null;

  const host = document.createElement("parley-launcher");
  const box = ownRoot(host);
  const dot = make("span", "dot");
  const launcher = button("launcher", () => (isOpen() ? close() : open()), icon(CHAT), icon(DOWN), dot);
  const proposal = button("", () => open());
  const dismiss = button("cross", settle, icon(CROSS));
  const teaser = make("div", "teaser", proposal, dismiss);
  const corner = make("div", "corner", launcher, teaser);
  const dialog = make("dialog", "panel");
  const panel = makePanel(options, { close, unread: count, event: emit }, false);

  const { isOpen } = panel;
  const words = () => wordsFor(options.lang);

  /** @param {boolean} [focus] Whether the visitor goes there; false for what nobody asked for. */
  function open(focus = true) {
    if (isOpen()) return focus ? panel.focus() : undefined;
    stand();
    before = document.activeElement;
    settle();
    load();
    panel.show(true);
    showDialog();
    count(0);
    if (focus) panel.focus();
    emit("open");
  }

  function close() {
    if (!isOpen()) return;
    const inside = document.activeElement === host;
    panel.show(false);
    hideDialog();
    speak();
    if (inside) (before instanceof HTMLElement && before !== document.body && before !== host ? before : launcher).focus();
    before = null;
    emit("close");
  }

  /** In the page, whose body may be another one by now. */
  function stand() {
    if (!host.isConnected) document.body?.appendChild(host);
  }

  /** Make the frame, which opening does anyway, for a call that needs it. */
  function load() {
    panel.load(dialog);
  }

  /** Say something beside the button, which opens the chat. @param {string} message */
  function propose(message) {
    proposal.textContent = message;
    teaser.hidden = isOpen() || !message;
  }

  /** In the language of the options. */
  function speak() {
    const said = words();
    const name = isOpen() ? said.close : options.label || said.open;
    const shown = options.showChatNotification && !isOpen() && unread > 0;
    dot.hidden = !shown;
    launcher.ariaExpanded = `${isOpen()}`;
    launcher.ariaLabel = shown ? `${name}, ${said.unread(unread)}` : name;
    dialog.ariaLabel = said.title;
    dismiss.ariaLabel = said.dismiss;
  }

  function end() {
    clearTimeout(timer);
    window.removeEventListener("resize", fit);
    phone.removeEventListener("change", fit);
    panel.end();
    host.remove();
  }

  function settle() {
    clearTimeout(timer);
    teaser.hidden = true;
    remember(SETTLED, "1", "sessionStorage");
  }

  function showDialog() {
    place();
    dialog.dataset.sheet = `${phone.matches}`;
    // As a sheet it holds the focus and the page behind stands still; as a panel it is one thing among others. The
    // attribute, because `show()` would take the focus from wherever the visitor is.
    if (phone.matches) dialog.showModal();
    else dialog.setAttribute("open", "");
    speak();
  }

  function hideDialog() {
    if (dialog.dataset.sheet === "true") dialog.close();
    else dialog.removeAttribute("open");
  }

  /** @param {number} now So many messages are unread. */
  function count(now) {
    if (now > unread && options.sound && !isOpen()) ring();
    if (now !== unread) emit("unread", { count: now });
    unread = now;
    speak();
  }

  function fit() {
    place();
    if (!isOpen() || dialog.dataset.sheet === `${phone.matches}`) return;
    hideDialog();
    showDialog();
  }

  /** Above the button if it fits there, else below, else beside. */
  function place() {
    const at = corner.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const width = Math.min(380, clientWidth - 2 * MARGIN);
    const height = Math.min(640, clientHeight - 112);
    const leftSide = at.left + at.width / 2 < clientWidth / 2;
    let left = leftSide ? at.left : at.right - width;
    let top = at.top - GAP - height;
    if (top < MARGIN - 1) {
      top = at.bottom + GAP;
      if (top + height > clientHeight - MARGIN + 1) left = leftSide ? at.right + GAP : at.left - GAP - width;
    }
    /** @param {number} value @param {number} room */
    const inside = (value, room) => `${Math.max(MARGIN, Math.min(value, room - MARGIN))}px`;
    dialog.style.setProperty("--left", inside(left, clientWidth - width));
    dialog.style.setProperty("--top", inside(top, clientHeight - height));
    box.dataset.side = leftSide ? "left" : "right";
  }

  // Set from script, because a page may refuse style attributes.
  Object.keys(style).forEach((name) => box.style.setProperty(name, style[name] ?? ""));
  if (theme) box.dataset.theme = theme;
  corner.dataset.place = PLACES.test(position) ? position : "right";
  teaser.hidden = true;
  teaser.role = "status";
  box.append(corner, dialog);
  stand();
  if (options.allowDrag) makeDraggable(corner, launcher, place);
  speak();
  place();
  host.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    event.stopPropagation();
    close();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  // Some systems close a dialog by themselves, as by the way back on a phone.
  dialog.addEventListener("close", () => isOpen() && !dialog.open && close());
  window.addEventListener("resize", fit);
  phone.addEventListener("change", fit);
  if (!recall(SETTLED, "sessionStorage")) {
    propose(proactiveMessage);
    // On a phone the sheet would take the focus from wherever the visitor is: there it is only proposed.
    const come = () => (phone.matches ? propose(proactiveMessage || words().open) : open(false));
    if (openAfterSeconds >= 0) timer = setTimeout(come, openAfterSeconds * 1000);
  }

  return { panel, isOpen, open, close, stand, load, propose, speak, end };
}
