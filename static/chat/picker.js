// @ts-check
/** Who answers: chosen for a new chat, and told for the others, where there is more than one. */

import { find, stamp } from "./dom.js";
import { Menu } from "./menu.js";

/** @import { Chatbot } from "./types.js" */

export class Picker {
  #root = find("#picker");
  #button = find("#picker button");
  #menu = new Menu(find("#picker .menu"), "end");
  #chatbots;
  #onChoose;
  #chosen = "";

  /** @param {Chatbot[]} chatbots @param {(chatbot: Chatbot) => void} onChoose */
  constructor(chatbots, onChoose) {
    this.#chatbots = chatbots;
    this.#onChoose = onChoose;
    this.#button.addEventListener("click", () => this.#menu.toggle(this.#button));
  }

  /** @param {string} id Who answers. @param {string} name @param {boolean} open Whether one can still choose. */
  show(id, name, open) {
    this.#root.hidden = this.#chatbots.length < 2;
    find(".picker-name", this.#root).textContent = name;
    this.#button.toggleAttribute("disabled", !open);
    if (this.#chosen === id) return;
    this.#chosen = id;
    this.#menu.element.replaceChildren(...this.#chatbots.map((chatbot) => this.#choice(chatbot, id)));
  }

  /** @param {Chatbot} chatbot @param {string} chosen */
  #choice(chatbot, chosen) {
    const item = stamp("choice-part");
    find("span", item).textContent = chatbot.name;
    item.ariaChecked = String(chatbot.id === chosen);
    item.addEventListener("click", () => this.#onChoose(chatbot));
    return item;
  }
}
