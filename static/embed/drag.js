// @ts-check
/** The launcher where the visitor put it: dragged with a pointer, and found there again. */

import { recall, remember } from "./memory.js";

const MARGIN = 20;
const THRESHOLD = 6;
const KEY = "place";

/** @param {number} share */
const within = (share) => Math.min(1, Math.max(0, share || 0));

/**
 * @param {HTMLElement} corner What is moved: its place are two shares of the window, so that it fits any window.
 * @param {HTMLElement} handle
 * @param {() => void} moved
 */
export function makeDraggable(corner, handle, moved) {
  /** @type {{x: number, y: number, left: number, top: number} | null} */
  let start = null;
  let dragged = false;

  /** @param {number} x @param {number} y */
  const put = (x, y) => {
    corner.style.setProperty("--x", `${within(x)}`);
    corner.style.setProperty("--y", `${within(y)}`);
    corner.dataset.place = "free";
    moved();
    return `${within(x)},${within(y)}`;
  };

  const kept = recall(KEY)?.split(",").map(Number);
  if (kept) put(kept[0] ?? 1, kept[1] ?? 1);

  handle.dataset.drag = "";
  handle.onpointerdown = (event) => {
    const { left, top } = corner.getBoundingClientRect();
    start = { x: event.clientX, y: event.clientY, left, top };
    dragged = false;
    // A quick pointer has left the button before it is heard of again.
    handle.setPointerCapture(event.pointerId);
  };
  handle.onpointermove = (event) => {
    if (!start) return;
    const [x, y] = [event.clientX - start.x, event.clientY - start.y];
    if (!dragged && Math.hypot(x, y) < THRESHOLD) return;
    dragged = true;
    const { clientWidth, clientHeight } = document.documentElement;
    remember(KEY,
      put(
        (start.left + x - MARGIN) / (clientWidth - 2 * MARGIN - corner.offsetWidth),
        (start.top + y - MARGIN) / (clientHeight - 2 * MARGIN - corner.offsetHeight),
      ),
    );
  };
  handle.onpointerup = handle.onpointercancel = () => {
    start = null;
  };
  // A drag ends with a click of which the launcher shall not hear.
  handle.addEventListener(
    "click",
    (event) => {
      if (dragged) event.stopImmediatePropagation();
      dragged = false;
    },
    true,
  );
}
