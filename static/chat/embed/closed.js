// @ts-check
/** The page of a web chat that is closed: whoever embeds it hears that at once, and can take it away again. */

import { find } from "../dom.js";
import { Host, Refusal } from "./host.js";
import { Look } from "./look.js";

const problem = { code: "closed", message: find("#closed").textContent ?? "" };
const closer = find("#close");
const look = new Look({ id: "", enableThemeModeToggle: false, defaultThemeMode: "" });
// There is nothing here to be asked for, so it does not matter who asks.
const host = new Host(["*"]);

function close() {
  if (!closer.hidden) host.close();
}

async function refuse() {
  throw new Refusal(problem);
}

closer.addEventListener("click", close);
document.addEventListener("keydown", ({ key }) => key === "Escape" && close());
await host.meet();
const { inline, theme, lang } = host.config;
closer.hidden = !host.connected || inline === true;
look.suggest(theme);
if (lang) look.speak(lang);
host.tell("error", problem);
host.serve({
  shown: () => undefined,
  send: refuse,
  clearHistory: refuse,
  newConversation: refuse,
  lang: (code) => look.speak(code),
  identity: () => undefined,
  focus: () => closer.focus(),
});
