// @ts-check
/** What stands above the composer: the greeting of a new chat, a thread, the bones of one, or why there is none. */

import { find, setIcon, stamp } from "./dom.js";

/** @import { Chatbot } from "./types.js" */

/**
 * @typedef {"hello" | "bones" | "thread" | "blocked"} Scene
 * @typedef {{title: string, text: string, label: string, action: () => void}} Reason Why there is nothing to show.
 */

const SCENES = /** @type {Scene[]} */ (["hello", "bones", "thread", "blocked"]);

export class Stage {
  #onStarter;

  /** @param {(text: string) => void} onStarter A starter was chosen. */
  constructor(onStarter) {
    this.#onStarter = onStarter;
  }

  /** @param {Scene} scene */
  show(scene) {
    for (const name of SCENES) find(`#${name}`).hidden = name !== scene;
  }

  /** @param {Chatbot} chatbot */
  greet({ greeting, documents, starters }) {
    find("#hello-title").textContent = greeting || gettext("What would you like to know?");
    const line = find("#hello-documents");
    line.hidden = documents === 0;
    line.textContent = interpolate(
      ngettext(
        "Answers come from %(count)s document and name their sources.",
        "Answers come from %(count)s documents and name their sources.",
        documents,
      ),
      { count: documents.toLocaleString(document.documentElement.lang) },
      true,
    );
    find(".starters").replaceChildren(...starters.map((starter) => this.#starter(starter)));
  }

  /** Make the notice of the scene `blocked`. @param {Reason} reason */
  block({ title, text, label, action }) {
    const notice = stamp("blocked-part");
    notice.classList.add(text ? "notice--danger" : "notice--warning");
    setIcon(find(".icon", notice), text ? "circle-alert" : "alert");
    find(".notice-title", notice).textContent = title;
    find(".notice-text", notice).textContent = text;
    find("button", notice).textContent = label;
    find("button", notice).addEventListener("click", action);
    notice.ariaLabel = title;
    find("#blocked").replaceChildren(notice);
  }

  /** @param {{title: string, text: string}} starter */
  #starter({ title, text }) {
    const item = stamp("starter-part");
    find("b", item).textContent = title;
    find("span", item).textContent = text;
    find("button", item).addEventListener("click", () => this.#onStarter(text || title));
    return item;
  }
}
