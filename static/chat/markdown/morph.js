// @ts-check
/**
 * Makes one tree equal to another and leaves alone what is equal already: selection, focus and scrolling stay.
 * The caret is no part of the comparison.
 */

import { isCaret } from "./caret.js";

/**
 * @param {ChildNode} node  as it is on the page
 * @param {ChildNode} wanted  used up
 * @returns {ChildNode}  the node that is now on the page
 */
export function morph(node, wanted) {
  if (node instanceof Text && wanted instanceof Text) {
    setData(node, wanted.data);
    return node;
  }
  if (node instanceof Element && wanted instanceof Element && node.cloneNode().isEqualNode(wanted.cloneNode())) {
    morphChildren(node, wanted);
    return node;
  }
  node.replaceWith(wanted);
  return wanted;
}

/**
 * @param {Element} parent
 * @param {Element} wanted
 */
function morphChildren(parent, wanted) {
  const children = [...parent.childNodes].filter((child) => !isCaret(child));
  const others = [...wanted.childNodes];
  const end = parent.lastChild && isCaret(parent.lastChild) ? parent.lastChild : null;
  others.forEach((other, index) => {
    const child = children[index];
    if (!child) parent.insertBefore(other, end);
    else if (!child.isEqualNode(other)) morph(child, other);
  });
  for (const child of children.slice(others.length)) child.remove();
}

/**
 * Appends where it can: a selection inside the text then survives.
 *
 * @param {Text} node
 * @param {string} data
 */
function setData(node, data) {
  if (data.startsWith(node.data)) node.appendData(data.slice(node.data.length));
  else node.data = data;
}
