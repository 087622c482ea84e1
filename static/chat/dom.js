// @ts-check
/** The few helpers with which the modules reach the page's mark-up. */

/**
 * The one element that a selector names; its absence is a mistake in the template.
 *
 * @template {Element} [T=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function find(selector, root = document) {
  const element = root.querySelector(selector);
  if (!element) throw new Error(`The page has no ${selector}`);
  return /** @type {T} */ (/** @type {unknown} */ (element));
}

/**
 * A copy of what `<template id>` holds.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function stamp(id) {
  /** @type {HTMLTemplateElement} */
  const template = find(`template#${id}`);
  return /** @type {T} */ (document.importNode(template.content, true).firstElementChild);
}

/** Point an icon's `<use>` at another symbol. @param {Element} icon @param {string} name */
export function setIcon(icon, name) {
  find("use", icon).setAttribute("href", `#i-${name}`);
}

/** Is the person writing somewhere, so that a single letter is no shortcut? @param {EventTarget | null} target */
export function isField(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
