// @ts-check
/** The conversations beside the chat: by day, searchable, with a menu for each. */

import { groupOf } from "./days.js";
import { find, stamp } from "./dom.js";
import { requestSentence } from "./errors.js";
import { problemOf } from "./conversation.js";
import { RowList } from "./rowlist.js";
import { RowView, momentOf } from "./rows.js";

/** @import { Api } from "./api.js" */
/** @import { Row } from "./types.js" */

const SEARCH_AFTER = 250;

/**
 * @typedef {object} SidebarOptions
 * @property {Api} api
 * @property {(id: string) => void} onOpen
 * @property {(row: Row, label: HTMLElement, button: HTMLButtonElement) => void} [onMenu] Where rows have a menu.
 */

export class Sidebar {
  #options;
  /** @type {RowList} */
  #recent;
  /** @type {RowList | null} What a search found. */
  #found = null;
  /** @type {Map<string, RowView>} */
  #views = new Map();
  #current = "";
  #timer = 0;
  #groups = find("#conversation-groups");
  #note = find("#conversation-note");
  #bones = find("#conversation-bones");
  #search = /** @type {HTMLInputElement} */ (find("#search"));
  #end = find("#conversation-end");
  #nearEnd = new IntersectionObserver(([end]) => end?.isIntersecting && void this.#more(), {
    root: find("#conversations"),
    rootMargin: "400px",
  });

  /** @param {SidebarOptions} options */
  constructor(options) {
    this.#options = options;
    this.#recent = new RowList(options.api);
    this.#groups.addEventListener("click", (event) => this.#clicked(event));
    this.#search.addEventListener("input", () => this.#searchSoon());
    this.#search.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing || !this.#search.value) return;
      event.preventDefault();
      event.stopPropagation();
      this.#clear();
    });
    this.#nearEnd.observe(this.#end);
  }

  focusSearch() {
    this.#search.focus();
    this.#search.select();
  }

  /** Read again what may have changed while there was no connection. */
  async refresh() {
    await this.#reading(() => this.#recent.refresh());
  }

  /** Nothing of what was read belongs to whoever is here now. */
  async startAnew() {
    const gone = this.#recent.rows.map(({ id }) => id);
    this.#recent = new RowList(this.#options.api, "", gone);
    this.#clear();
    await this.refresh();
  }

  /** How many messages nobody has seen yet, in all conversations that were read. */
  get unread() {
    return this.#recent.rows.reduce((sum, { unreadMessagesCount }) => sum + unreadMessagesCount, 0);
  }

  /** @param {string} id Empty: none of them. */
  setCurrent(id) {
    this.#current = id;
    this.#render();
    this.#views.get(id)?.element.scrollIntoView({ block: "nearest" });
  }

  /** @param {Row} row */
  put(row) {
    this.#recent.put(row);
    if (this.#found?.row(row.id)) this.#found.put(row);
    this.#render();
  }

  /** @param {string} id */
  remove(id) {
    this.#recent.remove(id);
    this.#found?.remove(id);
    this.#render();
  }

  /** @param {string} id */
  row(id) {
    return this.#recent.row(id) ?? this.#found?.row(id);
  }

  /** @param {string} id */
  view(id) {
    return this.#views.get(id);
  }

  get #list() {
    return this.#found ?? this.#recent;
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const item = event.target instanceof Element ? event.target.closest("[data-conversation]") : null;
    const id = item?.getAttribute("data-conversation") ?? "";
    const row = this.row(id);
    const view = this.#views.get(id);
    if (!row || !view || !(event.target instanceof Node)) return;
    if (view.more?.contains(event.target)) return this.#options.onMenu?.(row, view.link, view.more);
    // With a modifier it opens in a new tab, as any link.
    if (!view.link.contains(event.target) || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.#options.onOpen(id);
  }

  #searchSoon() {
    clearTimeout(this.#timer);
    if (!this.#search.value.trim()) return this.#clear();
    this.#timer = setTimeout(() => void this.#searchNow(), SEARCH_AFTER);
  }

  async #searchNow() {
    const found = new RowList(this.#options.api, this.#search.value.trim());
    await this.#reading(async () => {
      await found.more();
      if (found.query === this.#search.value.trim()) this.#found = found;
    });
  }

  #clear() {
    clearTimeout(this.#timer);
    this.#search.value = "";
    this.#found = null;
    this.#render();
  }

  async #more() {
    await this.#reading(async () => {
      if (!(await this.#list.more())) return;
      // Still near: it is looked at again.
      this.#nearEnd.unobserve(this.#end);
      this.#nearEnd.observe(this.#end);
    });
  }

  /** @param {() => Promise<unknown>} read */
  async #reading(read) {
    try {
      await read();
      this.#render();
    } catch (error) {
      this.#tell(requestSentence(problemOf(error)), gettext("Try again"), () => void this.#more());
    }
  }

  #render() {
    const list = this.#list;
    const rows = list.rows;
    this.#bones.hidden = list.loaded || rows.length > 0;
    this.#arrange(rows);
    if (rows.length || !list.loaded) this.#note.hidden = true;
    else if (!list.query) this.#tell(gettext("Your conversations will appear here."));
    else {
      const sentence = interpolate(gettext("Nothing found for “%(query)s”."), { query: list.query }, true);
      this.#tell(sentence, gettext("Clear"), () => this.#clear());
    }
  }

  /** Put the rows in their groups and their order; what stands right already is not touched. @param {Row[]} rows */
  #arrange(rows) {
    const focused = document.activeElement;
    /** @type {Map<string, Row[]>} */
    const groups = new Map();
    for (const row of rows) {
      const name = groupOf(momentOf(row));
      groups.set(name, [...(groups.get(name) ?? []), row]);
    }
    const sections = [...groups].map(([name, members], index) => this.#section(index, name, members));
    for (const extra of [...this.#groups.children].slice(sections.length)) extra.remove();
    const shown = new Set(rows.map(({ id }) => id));
    for (const [id, view] of this.#views) {
      if (shown.has(id)) continue;
      view.element.remove();
      this.#views.delete(id);
    }
    // A row that moves within the document loses the focus.
    if (focused instanceof HTMLElement && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  /** @param {number} index @param {string} name @param {Row[]} rows */
  #section(index, name, rows) {
    const section = this.#groups.children[index] ?? this.#groups.appendChild(stamp("group-part"));
    find("h2", section).textContent = name;
    const list = find("ul", section);
    rows.forEach((row, place) => {
      const { element } = this.#rowView(row);
      if (list.children[place] !== element) list.insertBefore(element, list.children[place] ?? null);
    });
    for (const extra of [...list.children].slice(rows.length)) extra.remove();
    return section;
  }

  /** @param {Row} row */
  #rowView(row) {
    const view = this.#views.get(row.id) ?? new RowView();
    this.#views.set(row.id, view);
    view.update(row, row.id === this.#current);
    return view;
  }

  /** @param {string} sentence @param {string} [label] @param {() => void} [action] */
  #tell(sentence, label, action) {
    this.#bones.hidden = true;
    this.#note.hidden = false;
    this.#note.textContent = sentence;
    if (!label || !action) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link-button";
    button.textContent = label;
    button.addEventListener("click", action);
    this.#note.append(" ", button);
  }
}
