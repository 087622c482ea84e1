// @ts-check
/** Theme and language of the embedded chat: the site's wish, and where it may be, the visitor's choice. */

import { Themes } from "../themes.js";

/** @import { Theme } from "../themes.js" */
/** @import { WebChat } from "../types.js" */

export class Look {
  #themes;

  /** @param {Pick<WebChat, "id" | "enableThemeModeToggle" | "defaultThemeMode">} webChat */
  constructor({ id, enableThemeModeToggle, defaultThemeMode }) {
    const usual = defaultThemeMode === "light" || defaultThemeMode === "dark" ? defaultThemeMode : "";
    this.#themes = enableThemeModeToggle ? new Themes(`parley.theme.${id}`, usual) : null;
  }

  /** @param {Theme | undefined} theme */
  suggest(theme) {
    if (!theme) return;
    if (this.#themes) this.#themes.suggest(theme);
    else document.documentElement.dataset.theme = theme;
  }

  /** The page is loaded again in another language. @param {string} code */
  speak(code) {
    const address = new URL(location.href);
    const now = address.searchParams.get("lang") ?? document.documentElement.lang;
    if (now.toLowerCase() === code.toLowerCase()) return;
    address.searchParams.set("lang", code);
    location.replace(address);
  }
}
