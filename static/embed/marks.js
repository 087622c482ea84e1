// @ts-check
/** Mark-up without mark-up language: a page may refuse inline styles and `innerHTML`, and neither is used here. */

import css from "./embed.css";

const SVG = "http://www.w3.org/2000/svg";

export const CHAT = "M10 3.5c4 0 7 2.6 7 6s-3 6-7 6c-.9 0-1.8-.1-2.6-.4L3.8 16.5l1-3A5.6 5.6 0 0 1 3 9.5c0-3.4 3-6 7-6Z";
export const DOWN = "m5 7.5 5 5 5-5";
export const CROSS = "m5 5 10 10M15 5 5 15";

/** An own root below the element, into which no style of the page reaches. @param {HTMLElement} host */
export function ownRoot(host) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  const box = make("div", "box");
  root.replaceChildren(box);
  return box;
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {string} name Its class. @param {...Node} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, name, ...children) {
  const element = document.createElement(tag);
  element.className = name;
  element.append(...children);
  return element;
}

/** @param {string} name @param {() => void} act @param {...Node} children */
export function button(name, act, ...children) {
  const element = make("button", name, ...children);
  element.type = "button";
  element.onclick = act;
  return element;
}

/** @param {string} d The path. */
export function icon(d) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.ariaHidden = "true";
  svg.appendChild(document.createElementNS(SVG, "path")).setAttribute("d", d);
  return svg;
}
