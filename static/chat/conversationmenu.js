// @ts-check
/** What can be done with a conversation, from its row and from the head of the chat alike: rename, delete. */

import { problemOf } from "./conversation.js";
import { confirmDeletion } from "./dialogs.js";
import { find, stamp } from "./dom.js";
import { requestSentence } from "./errors.js";
import { Menu } from "./menu.js";
import { renameInPlace } from "./rename.js";
import { titleOf } from "./rows.js";

/** @import { Api } from "./api.js" */
/** @import { Row } from "./types.js" */

/**
 * @typedef {object} ConversationMenuOptions
 * @property {Api} api
 * @property {(row: Row) => void} onRenamed
 * @property {(id: string) => void} onDeleted
 */

export class ConversationMenu {
  #menu = new Menu(stamp("conversation-menu-part"), "end");
  #options;
  /** @type {{row: Row, label: HTMLElement} | null} What it was opened for. */
  #subject = null;

  /** @param {ConversationMenuOptions} options */
  constructor(options) {
    this.#options = options;
    const { element } = this.#menu;
    find("[data-action=rename]", element).addEventListener("click", () => this.#rename());
    find("[data-action=delete]", element).addEventListener("click", () => this.#delete());
  }

  /** @param {Row} row @param {HTMLElement} label What shows its title. @param {HTMLElement} button */
  toggle(row, label, button) {
    this.#subject = { row, label };
    this.#menu.toggle(button);
  }

  /** @param {Row} row @param {HTMLElement} label */
  rename(row, label) {
    renameInPlace({
      label,
      title: row.title,
      save: async (title) => this.#options.onRenamed(await this.#options.api.renameConversation(row.id, title)),
      explain,
    });
  }

  #rename() {
    if (this.#subject) this.rename(this.#subject.row, this.#subject.label);
  }

  #delete() {
    if (!this.#subject) return;
    const { row } = this.#subject;
    confirmDeletion({
      question: interpolate(gettext("Delete “%(title)s”?"), { title: titleOf(row) }, true),
      remove: async () => {
        await this.#options.api.deleteConversation(row.id);
        this.#options.onDeleted(row.id);
      },
      explain,
    });
  }
}

/** @param {unknown} error */
const explain = (error) => requestSentence(problemOf(error));
