// @ts-check
/** The files that are about to be sent: chosen, dropped or pasted, shown above the field, and removed again. */

import { sizeOf } from "./attachments.js";
import { find, stamp } from "./dom.js";
import { newId } from "./ids.js";
import { makeThumbnail, thumbnail } from "./thumbnails.js";

/** @import { FileLimits } from "./types.js" */
/** @import { Chosen } from "./uploads.js" */

/**
 * @typedef {object} AttachingOptions
 * @property {FileLimits} limits
 * @property {() => void} onChange Some were added or removed.
 * @property {() => void} onDone What had the focus is gone, or has done its part.
 * @property {(sentence: string) => void} say
 */

export class Attaching {
  #button = /** @type {HTMLButtonElement} */ (find("#attach"));
  #input = /** @type {HTMLInputElement} */ (find("#attach-input"));
  #list = find("#files");
  #error = find("#files-error");
  #options;
  #closed = false;

  /** @param {AttachingOptions} options */
  constructor(options) {
    this.#options = options;
    this.#input.accept = options.limits.types.join(",");
    this.#button.addEventListener("click", () => this.#input.click());
    this.#input.addEventListener("change", () => {
      this.add([...(this.#input.files ?? [])]);
      this.#input.value = "";
      options.onDone();
    });
    this.#takeDrops(find("#chat"), find("#drop"));
  }

  /** @type {Chosen[]} */
  chosen = [];

  /** Another conversation, with what was chosen in it. @param {Chosen[]} chosen */
  turnTo(chosen) {
    this.chosen = chosen;
    this.#complain([]);
    this.#show();
  }

  /** @param {boolean} closed */
  setClosed(closed) {
    this.#closed = this.#button.disabled = closed;
  }

  /** They are sent now. */
  take() {
    const { chosen } = this;
    this.#complain([]);
    this.#set([]);
    return chosen;
  }

  /** @param {File[]} files */
  add(files) {
    const { limits, say } = this.#options;
    const problems = files.map((file) => problemOf(file, limits));
    const fitting = files.filter((_, at) => !problems[at]);
    const taken = fitting.slice(0, Math.max(0, limits.count - this.chosen.length));
    if (taken.length < fitting.length) problems.push(tooManySentence(limits));
    const added = taken.map((file) => ({ id: newId(), file }));
    this.#set([...this.chosen, ...added]);
    this.#complain(problems.filter(Boolean));
    for (const { id, file } of added) void makeThumbnail(id, file).then(() => this.#show());
    if (taken.length) say(interpolate(gettext("Attached: %(names)s"), { names: taken.map(({ name }) => name).join(", ") }, true));
  }

  /** @param {ClipboardEvent} event */
  paste(event) {
    const { clipboardData } = event;
    // A cell or a paragraph is copied as text and as a picture of it.
    if (this.#closed || !clipboardData?.files.length || clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    this.add([...clipboardData.files]);
  }

  /** Files may be dropped anywhere in the chat. @param {HTMLElement} chat @param {HTMLElement} sign */
  #takeDrops(chat, sign) {
    /** @param {DragEvent} event */
    const over = (event) => {
      if (this.#closed || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      sign.hidden = false;
    };
    chat.addEventListener("dragenter", over);
    chat.addEventListener("dragover", over);
    chat.addEventListener("dragleave", ({ relatedTarget }) => {
      sign.hidden = !(relatedTarget instanceof Node && chat.contains(relatedTarget));
    });
    chat.addEventListener("drop", (event) => {
      if (sign.hidden) return;
      event.preventDefault();
      sign.hidden = true;
      this.add([...(event.dataTransfer?.files ?? [])]);
      this.#options.onDone();
    });
  }

  /** @param {string} id */
  #remove(id) {
    const at = this.chosen.findIndex((one) => one.id === id);
    const gone = this.chosen[at];
    this.#set(this.chosen.filter((one) => one !== gone));
    this.#complain([]);
    if (gone) this.#options.say(interpolate(gettext("Removed: %(name)s"), { name: gone.file.name }, true));
    const buttons = this.#list.querySelectorAll("button");
    const next = buttons[Math.min(at, buttons.length - 1)];
    if (next) next.focus();
    else this.#options.onDone();
  }

  /** @param {Chosen[]} chosen */
  #set(chosen) {
    this.chosen = chosen;
    this.#show();
    this.#options.onChange();
  }

  #show() {
    this.#list.hidden = this.chosen.length === 0;
    const wanted = new Set(this.chosen.map(({ id }) => id));
    for (const item of [...this.#list.children]) if (!wanted.has(idOf(item))) item.remove();
    const shown = new Set([...this.#list.children].map(idOf));
    this.#list.append(...this.chosen.filter(({ id }) => !shown.has(id)).map((one) => this.#chip(one)));
    for (const item of this.#list.children) illustrate(item);
  }

  /** @param {Chosen} chosen */
  #chip({ id, file: { name, size } }) {
    const item = stamp("chosen-part");
    item.dataset.file = id;
    find(".file", item).title = name;
    find(".file-name", item).textContent = name;
    find(".file-size", item).textContent = sizeOf(size);
    const button = find("button", item);
    button.ariaLabel = interpolate(gettext("Remove %(name)s"), { name }, true);
    button.addEventListener("click", () => this.#remove(id));
    return item;
  }

  /** @param {string[]} sentences */
  #complain(sentences) {
    this.#error.hidden = sentences.length === 0;
    find("span", this.#error).textContent = sentences.join("\n");
  }
}

/** @param {Element} item */
function idOf(item) {
  return item.getAttribute("data-file") ?? "";
}

/** Give it its picture, if there is one by now. @param {Element} item */
function illustrate(item) {
  const image = /** @type {HTMLImageElement} */ (find("img", item));
  const address = thumbnail(idOf(item));
  if (!address || !image.hidden) return;
  image.src = address;
  image.hidden = false;
}

/** Why a file cannot be sent; empty if it can. @param {File} file @param {FileLimits} limits */
function problemOf({ name, size }, { bytes, types }) {
  const known = types.map((type) => type.slice(1)).join(", ");
  const most = sizeOf(bytes);
  if (!types.some((type) => name.toLowerCase().endsWith(type))) {
    return interpolate(gettext("%(name)s is of a type that is not taken. Taken are: %(known)s."), { name, known }, true);
  }
  if (size > bytes) return interpolate(gettext("%(name)s is too large: at most %(most)s are taken."), { name, most }, true);
  return size ? "" : interpolate(gettext("%(name)s is empty."), { name }, true);
}

/** @param {FileLimits} limits */
function tooManySentence({ count }) {
  return interpolate(gettext("A message can have %(count)s files at most. The others were left out."), { count }, true);
}
