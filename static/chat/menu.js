// @ts-check
/** A menu that a button opens: arrows, Home, End, first letters, Escape; the focus goes back to the button. */

import { placeBeside } from "./place.js";

/** @type {Menu | null} The one that is open. */
let opened = null;

export class Menu {
  /** @type {HTMLElement | null} The button that opened it last. */
  button = null;

  /** @param {HTMLElement} element `role="menu"`, a manual popover. @param {"start" | "end"} [align] */
  constructor(element, align = "start") {
    this.element = element;
    this.align = align;
    element.addEventListener("keydown", (event) => this.#key(event));
    // Before the item's own handler, which may want the focus for itself.
    element.addEventListener("click", (event) => this.#chosen(event), { capture: true });
    element.addEventListener("focusout", (event) => this.#left(event));
  }

  /** @returns {HTMLElement[]} */
  get items() {
    return [...this.element.querySelectorAll("[role^=menuitem]:not([hidden])")].filter(
      (item) => item instanceof HTMLElement,
    );
  }

  /** @param {HTMLElement} button */
  toggle(button) {
    const again = opened === this && this.button === button;
    opened?.close({ focus: again });
    if (again) return;
    opened = this;
    this.button = button;
    // Beside its button in the document too, so that it is reached where the focus is, also in an open drawer.
    if (!button.parentElement?.contains(this.element)) button.after(this.element);
    this.element.showPopover();
    placeBeside(this.element, button, this.align);
    button.setAttribute("aria-expanded", "true");
    this.items[0]?.focus();
    document.addEventListener("pointerdown", this.#outside);
    document.addEventListener("scroll", this.#scrolled, { capture: true, passive: true });
  }

  /** @param {{focus?: boolean}} [options] Whether the focus goes back to the button. */
  close({ focus = true } = {}) {
    if (opened !== this) return;
    opened = null;
    document.removeEventListener("pointerdown", this.#outside);
    document.removeEventListener("scroll", this.#scrolled, { capture: true });
    this.button?.setAttribute("aria-expanded", "false");
    if (focus) this.button?.focus();
    if (this.element.matches(":popover-open")) this.element.hidePopover();
  }

  #scrolled = () => this.close({ focus: false });

  /** @param {PointerEvent} event */
  #outside = ({ target }) => {
    const inside = target instanceof Node && (this.element.contains(target) || this.button?.contains(target));
    if (!inside) this.close({ focus: false });
  };

  /** @param {FocusEvent} event */
  #left({ relatedTarget: next }) {
    const inside = next instanceof Node && (this.element.contains(next) || this.button?.contains(next));
    if (next && !inside) this.close({ focus: false });
  }

  /** A choice of several stays open, so that one sees what it does. @param {MouseEvent} event */
  #chosen(event) {
    const item = event.target instanceof Element && event.target.closest("[role^=menuitem]");
    if (item && !item.closest(".segments")) this.close();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = this.items;
    const at = items.findIndex((item) => item === document.activeElement);
    const steps = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: -1 };
    const next = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (next !== undefined) items.at(next % items.length)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close();
    else if (!jump(items, at, event)) return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** To the next item that begins with the letter. @param {HTMLElement[]} items @param {number} at @param {KeyboardEvent} event */
function jump(items, at, { key, ctrlKey, metaKey, altKey }) {
  if (key.length !== 1 || key === " " || ctrlKey || metaKey || altKey) return false;
  const letter = key.toLocaleLowerCase();
  const ordered = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  ordered.find((item) => item.textContent?.trim().toLocaleLowerCase().startsWith(letter))?.focus();
  return true;
}
