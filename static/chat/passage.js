// @ts-check
/**
 * The card that shows the passage behind a source number: a preview on hover and focus, and after a click it stays
 * until it is closed.
 */

import { find } from "./dom.js";
import { renderInto } from "./markdown.js";
import { placeBeside } from "./place.js";

/** @import { CitationNode } from "./types.js" */

const ANCHORS = ".cite, .source";
const PREVIEW_AFTER = 300;
const LEAVE_AFTER = 200;

export class PassageCard {
  #card = find("#passage");
  #nodeOf;
  /** @type {HTMLElement | null} What it belongs to while it is shown. */
  #anchor = null;
  #pinned = false;
  #timer = 0;

  /** @param {HTMLElement} root Where the numbers stand. @param {(anchor: HTMLElement) => CitationNode | undefined} nodeOf */
  constructor(root, nodeOf) {
    this.#nodeOf = nodeOf;
    root.addEventListener("pointerover", (event) => this.#entered(event));
    root.addEventListener("pointerout", (event) => anchorOf(event) && this.#leaveSoon());
    root.addEventListener("focusin", (event) => this.#focused(event));
    root.addEventListener("focusout", (event) => this.#blurred(event));
    root.addEventListener("click", (event) => this.#clicked(event));
    this.#card.addEventListener("pointerenter", () => clearTimeout(this.#timer));
    this.#card.addEventListener("pointerleave", () => this.#leaveSoon());
    document.addEventListener("pointerdown", ({ target }) => this.#contains(target) || this.hide());
    document.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    document.addEventListener("scroll", (event) => this.#scrolled(event), { capture: true, passive: true });
  }

  hide() {
    clearTimeout(this.#timer);
    const anchor = this.#anchor;
    if (!anchor) return;
    const hadFocus = this.#card.contains(document.activeElement);
    this.#anchor = null;
    this.#pinned = false;
    anchor.removeAttribute("aria-describedby");
    this.#card.hidePopover();
    if (hadFocus) anchor.focus();
  }

  /** @param {HTMLElement} anchor @param {boolean} pinned */
  #show(anchor, pinned) {
    const node = this.#nodeOf(anchor);
    if (!node?.chatbotTextNode) return;
    if (this.#anchor !== anchor) this.hide();
    clearTimeout(this.#timer);
    this.#pinned ||= pinned;
    if (this.#anchor === anchor) return;
    this.#anchor = anchor;
    anchor.setAttribute("aria-describedby", this.#card.id);
    this.#fill(node);
    this.#card.showPopover();
    this.#card.scrollTop = 0;
    placeBeside(this.#card, anchor);
  }

  /** @param {CitationNode} node */
  #fill(node) {
    renderInto(find(".passage-text", this.#card), node.chatbotTextNode?.text ?? "");
    find(".num-chip", this.#card).textContent = String(node.number);
    find(".passage-title", this.#card).textContent = titleOf(node);
    find(".passage-where", this.#card).textContent = placeOf(node);
  }

  /** @param {PointerEvent} event */
  #entered(event) {
    const anchor = anchorOf(event);
    if (anchor && event.pointerType !== "touch") this.#later(PREVIEW_AFTER, () => this.#show(anchor, false));
  }

  /** @param {FocusEvent} event */
  #focused(event) {
    const anchor = anchorOf(event);
    if (anchor?.matches(":focus-visible")) this.#show(anchor, false);
  }

  /** @param {FocusEvent} event */
  #blurred(event) {
    if (anchorOf(event) === this.#anchor && !this.#contains(event.relatedTarget) && !this.#pinned) this.hide();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const anchor = anchorOf(event);
    if (!anchor) return;
    event.preventDefault();
    if (this.#pinned && this.#anchor === anchor) return this.hide();
    this.#show(anchor, true);
    // Pressed with a key: the arrows scroll the passage then, and Escape leads back.
    if (event.detail === 0) this.#card.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape" || !this.#anchor) return;
    event.preventDefault();
    event.stopPropagation();
    this.hide();
  }

  /** The card goes along with its number. @param {Event} event */
  #scrolled({ target }) {
    if (!this.#anchor || target === this.#card) return;
    const { top, bottom } = this.#anchor.getBoundingClientRect();
    if (!this.#anchor.isConnected || bottom < 0 || top > innerHeight) this.hide();
    else placeBeside(this.#card, this.#anchor);
  }

  /** @param {EventTarget | null} target */
  #contains(target) {
    return target instanceof Node && (this.#card.contains(target) || this.#anchor?.contains(target));
  }

  #leaveSoon() {
    if (this.#pinned) clearTimeout(this.#timer);
    else this.#later(LEAVE_AFTER, () => this.hide());
  }

  /** @param {number} milliseconds @param {() => void} action */
  #later(milliseconds, action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, milliseconds);
  }
}

/** @param {Event} event @returns {HTMLElement | null} */
function anchorOf({ target }) {
  return target instanceof Element ? target.closest(ANCHORS) : null;
}

/** @param {CitationNode} node */
export function titleOf({ chatbotTextNode: passage }) {
  return passage?.title || passage?.filename || "";
}

/** Where in the document: a page, or the heading it stands under. @param {CitationNode} node */
export function placeOf({ chatbotTextNode: passage }) {
  if (passage?.pageNumber) return interpolate(gettext("p. %(page)s"), { page: passage.pageNumber }, true);
  return passage?.heading ? interpolate(gettext("“%(heading)s”"), { heading: passage.heading }, true) : "";
}
