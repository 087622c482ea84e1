// @ts-check
/** The menu of the person, and their settings: theme, language, what is read aloud. */

import { chooseSpeech, speech } from "./announcer.js";
import { showDialog } from "./dialogs.js";
import { find } from "./dom.js";
import { Menu } from "./menu.js";
import { read, write } from "./storage.js";

/** @import { Speech } from "./announcer.js" */

const THEME = "parley.theme";

export function wireAccount() {
  const button = find("#account");
  const menu = new Menu(find("#account-menu"));
  button.addEventListener("click", () => menu.toggle(button));
  for (const choice of menu.items) {
    const { themeChoice, dialog } = choice.dataset;
    if (themeChoice !== undefined) choice.addEventListener("click", () => chooseTheme(themeChoice));
    if (dialog) choice.addEventListener("click", () => showDialog(/** @type {"settings" | "shortcuts"} */ (dialog)));
  }
  showTheme(read("localStorage", THEME) ?? "");
  wireSettings();
}

/** @param {string} theme Empty: as the system has it. */
function chooseTheme(theme) {
  write("localStorage", THEME, theme || null);
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  showTheme(theme);
}

/** @param {string} theme */
function showTheme(theme) {
  for (const choice of document.querySelectorAll("[data-theme-choice]")) {
    choice.ariaChecked = String(choice.getAttribute("data-theme-choice") === theme);
  }
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
