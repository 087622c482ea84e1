// @ts-check
/** The files of a message, on the page: pictures that open, the others as a name that downloads. */

import { find, stamp } from "./dom.js";
import { thumbnail } from "./thumbnails.js";

/** @import { Attachment } from "./types.js" */

/** @param {HTMLElement} list @param {Attachment[]} attachments */
export function showAttachments(list, attachments) {
  const shown = attachments.map(({ id, file }) => id + file).join(" ");
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.hidden = attachments.length === 0;
  list.replaceChildren(...attachments.map((one) => (one.type === "image" && pictureOf(one)) || chipOf(one)));
}

/** Such as "48 kB". @param {number} bytes */
export function sizeOf(bytes) {
  const kilobytes = Math.max(1, bytes / 1024);
  const [value, unit] = kilobytes < 1000 ? [kilobytes, "kilobyte"] : [kilobytes / 1024, "megabyte"];
  const digits = value < 10 && unit === "megabyte" ? 1 : 0;
  const language = document.documentElement.lang || "en";
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: digits }).format(value);
}

/** Null: there is nothing yet that could be shown. @param {Attachment} attachment */
function pictureOf(attachment) {
  const { id, filename, file } = attachment;
  const address = thumbnail(id) || here(file);
  if (!address) return null;
  const item = stamp("picture-part");
  const image = /** @type {HTMLImageElement} */ (find("img", item));
  image.alt = filename;
  image.addEventListener("error", () => item.replaceWith(chipOf(attachment)), { once: true });
  image.src = address;
  link(find("a", item), attachment);
  return item;
}

/** @param {Attachment} attachment */
function chipOf(attachment) {
  const { filename, size } = attachment;
  const item = stamp("file-part");
  find(".file-name", item).textContent = filename;
  find(".file-size", item).textContent = sizeOf(size);
  link(find("a", item), attachment);
  return item;
}

/** @param {HTMLElement} anchor @param {Attachment} attachment */
function link(anchor, { filename, file }) {
  anchor.title = filename;
  if (file) anchor.setAttribute("href", here(file));
}

/** Its signature holds at each of the server's names, and this page may load from its own alone. @param {string} file */
function here(file) {
  if (!file) return "";
  const { pathname, search } = new URL(file, location.href);
  return pathname + search;
}
