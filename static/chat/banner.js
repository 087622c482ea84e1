// @ts-check
/** The line under the header that says that the connection is away; never for a blink. */

import { find } from "./dom.js";

/** @import { ConnectionState, Ending } from "./socket.js" */

const NO_BLINK = 2000;

export class Banner {
  #element = find("#banner");
  #button = find("#banner button");
  #onRetry;
  #onReturn;
  #timer = 0;

  /** @param {{onRetry: () => void, onReturn: () => void}} options `onReturn`: connected again, after it had been said. */
  constructor({ onRetry, onReturn }) {
    this.#onRetry = onRetry;
    this.#onReturn = onReturn;
    this.#button.addEventListener("click", () => {
      if (this.#element.dataset.ending) location.reload();
      else this.#onRetry();
    });
  }

  /** @param {ConnectionState} state @param {Ending} [ending] */
  show(state, ending) {
    if (state === "ready") this.#leave();
    else if (state === "ended") this.#say(ending);
    else this.#timer ||= setTimeout(() => this.#say(), NO_BLINK);
  }

  #leave() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#element.hidden) return;
    this.#element.hidden = true;
    this.#onReturn();
  }

  /** @param {Ending} [ending] */
  #say(ending) {
    const [title, text, label] = words(ending);
    if (ending) this.#element.dataset.ending = ending;
    find(".spinner", this.#element).hidden = ending !== undefined;
    find("strong", this.#element).textContent = title;
    find("p span", this.#element).textContent = text;
    this.#button.textContent = label;
    this.#element.hidden = false;
  }
}

/** @param {Ending} [ending] @returns {[string, string, string]} */
function words(ending) {
  if (ending === "signed_out") {
    return [gettext("You are logged out."), gettext("What you have written is kept here."), gettext("Log in")];
  }
  if (ending === "closed") {
    return [gettext("This chat is closed at the moment."), gettext("What you have written is kept here."), gettext("Try again")];
  }
  if (ending === "elsewhere") {
    return [gettext("The chat cannot be shown on this site."), gettext("What you have written is kept here."), gettext("Try again")];
  }
  if (ending === "outdated") {
    return [gettext("This page is out of date."), gettext("What you have written is kept here."), gettext("Reload")];
  }
  return [
    gettext("Reconnecting…"),
    gettext("Messages wait here and are sent once you are back."),
    gettext("Try now"),
  ];
}
