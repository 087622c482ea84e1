// @ts-check
/** Lists of tasks show their boxes in the place of the bullets. */

const BOX = /^[\u2610\u2611] /;

/** @param {ParentNode} root */
export function dressLists(root) {
  for (const item of root.querySelectorAll("li")) if (BOX.test(item.textContent ?? "")) item.className = "task";
}
