// @ts-check

const GAP = 4;
const MARGIN = 8;

/**
 * Put a popover beside its anchor: below it, or above where there is no room, and never outside the window.
 *
 * @param {HTMLElement} popover Already shown.
 * @param {Element} anchor
 * @param {"start" | "end"} [align] Which edges stand in one line.
 */
export function placeBeside(popover, anchor, align = "start") {
  const around = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const fromStart = (align === "start") === (getComputedStyle(popover).direction === "ltr");
  const left = fromStart ? around.left : around.right - width;
  const below = around.bottom + GAP;
  const above = around.top - GAP - height;
  const top = below + height > innerHeight - MARGIN && above >= MARGIN ? above : below;
  popover.style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - width - MARGIN))}px`;
  popover.style.top = `${Math.max(MARGIN, Math.min(top, innerHeight - height - MARGIN))}px`;
}
