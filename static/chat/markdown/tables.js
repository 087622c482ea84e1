// @ts-check
/** Tables: a region that scrolls by itself, numbers to the right, long cells that wrap. */

import { element } from "./elements.js";

/** A number with its sign, currency, unit or percentage, and nothing else. */
const NUMBER = /^[-+−±~≈<>≤≥]?\s*\p{Sc}?[A-Z]{0,3}\p{Sc}?\s*[-+−]?\d[\d.,:\s'’/]*\s*(?:%|‰|°?\p{Letter}{0,4}(?:\/\p{Letter}{1,4})?|\p{Sc})$/u;
const NOTHING = /^(?:|[-–—]|n\/a)$/i;
const LONG = 48;

/** @param {ParentNode} root */
export function dressTables(root) {
  for (const table of root.querySelectorAll("table")) {
    const rows = [...table.rows].slice(1);
    [...(table.tHead?.rows[0]?.cells ?? [])].forEach((head, index) => {
      head.scope = "col";
      dressColumn(head, rows.map((row) => row.cells[index]).filter(Boolean));
    });
    const region = { class: "table", role: "region", tabindex: "0", "aria-label": labelOf(table) };
    const wrapper = element("div", region);
    table.replaceWith(wrapper);
    wrapper.append(table);
  }
}

/**
 * @param {HTMLTableCellElement} head
 * @param {HTMLTableCellElement[]} cells
 */
function dressColumn(head, cells) {
  const className = isNumeric(head, cells) ? "num" : head.getAttribute("align") === "center" ? "mid" : "";
  for (const cell of [head, ...cells]) {
    cell.removeAttribute("align");
    const isLong = (cell.textContent ?? "").length > LONG;
    if (className || isLong) cell.className = [className, isLong ? "long" : ""].join(" ").trim();
  }
}

/**
 * @param {HTMLTableCellElement} head
 * @param {HTMLTableCellElement[]} cells
 */
function isNumeric(head, cells) {
  const align = head.getAttribute("align");
  if (align) return align === "right";
  const texts = cells.map((cell) => (cell.textContent ?? "").trim()).filter((text) => !NOTHING.test(text));
  return texts.length > 0 && texts.every((text) => NUMBER.test(text));
}

/** @param {HTMLTableElement} table */
function labelOf(table) {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => (cell.textContent ?? "").trim());
  return interpolate(gettext("Table: %(columns)s"), { columns: heads.filter(Boolean).join(", ") }, true);
}
