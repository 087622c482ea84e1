// @ts-check
/** The menu of the person, and their settings: theme, language, what is read aloud. */

import { chooseSpeech, speech } from "./announcer.js";
import { showDialog } from "./dialogs.js";
import { find } from "./dom.js";
import { Menu } from "./menu.js";
import { Themes } from "./themes.js";

/** @import { Speech } from "./announcer.js" */

export function wireAccount() {
  const button = find("#account");
  const menu = new Menu(find("#account-menu"));
  button.addEventListener("click", () => menu.toggle(button));
  for (const choice of menu.items) {
    const { dialog } = choice.dataset;
    if (dialog) choice.addEventListener("click", () => showDialog(/** @type {"settings" | "shortcuts"} */ (dialog)));
  }
  new Themes("parley.theme");
  wireSettings();
}

function wireSettings() {
  const aloud = /** @type {HTMLSelectElement} */ (find("#setting-speech"));
  aloud.value = speech();
  aloud.addEventListener("change", () => chooseSpeech(/** @type {Speech} */ (aloud.value)));
  const language = /** @type {HTMLFormElement} */ (find("#language-form"));
  language.addEventListener("change", () => {
    /** @type {HTMLInputElement} */ (find("[name=next]", language)).value = location.pathname + location.search;
    language.submit();
  });
}
