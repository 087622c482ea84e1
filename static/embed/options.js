// @ts-check
/**
 * What a page may set: in `maiagentChatbotConfig` (its names are those of MaiAgent's own snippet), in `parleyConfig`, in
 * the `data-` attributes of the script tag, or in the attributes of `<parley-chat>`. What is not known is ignored, and
 * what makes no sense counts as not set: a mistake there shall not cost the page its chat.
 *
 * @typedef {string | (() => string | null | Promise<string | null>)} Identity A signed identity. Empty or null: nobody.
 *
 * @typedef {object} Options
 * @property {string} webChatId
 * @property {string} baseUrl Of the pages: the chat is at `{baseUrl}/{webChatId}`.
 * @property {Record<string, string>} style Colour, size and the like, as custom properties.
 * @property {boolean} allowDrag
 * @property {string} [position]
 * @property {string} [contactId]
 * @property {unknown} [queryMetadata] An object, or its JSON; what is neither shows no chat.
 * @property {boolean} showChatNotification
 * @property {number} openAfterSeconds Not a number: never.
 * @property {string} [proactiveMessage]
 * @property {boolean} sound
 * @property {string} [lang]
 * @property {Identity} [identity] Not given: the page says nothing of it.
 * @property {string} [label]
 * @property {"light" | "dark"} [theme]
 */

const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
const { hasOwn } = Object;

/** Those of the page, or null when it has set none. @returns {Options | null} */
export function pageOptions() {
  const { maiagentChatbotConfig, parleyConfig } = /** @type {any} */ (window);
  return readOptions(maiagentChatbotConfig) ?? readOptions(parleyConfig) ?? readOptions(script?.dataset);
}

/** Null without a web chat and an address. @param {any} given @returns {Options | null} */
export function readOptions(given) {
  if (typeof given !== "object" || !given) return null;
  /** @param {string} name @returns {unknown} */
  const value = (name) => (hasOwn(given, name) ? given[name] : undefined);
  /** @param {string} name */
  const text = (name) => (/^(string|number)$/.test(typeof value(name)) && `${value(name)}`.trim()) || undefined;
  /** @param {string} name @param {boolean} [usual] */
  const flag = (name, usual = false) => /^(true)?$/.test(`${value(name) ?? usual}`);
  /** @type {Record<string, string>} */
  const style = {};
  /** @param {string} name @param {string} property @param {string} custom @param {string} [unit] */
  const styled = (name, property, custom, unit = "") => {
    const css = text(name)?.replace(/^[\d.]+$/, (number) => number + unit) ?? "";
    if (CSS.supports(property, css)) style[custom] = css;
  };
  styled("primaryColor", "color", "--accent");
  styled("buttonSize", "width", "--size", "px");
  styled("buttonRadius", "border-radius", "--radius", "px");
  styled("zIndex", "z-index", "--layer");
  const webChatId = text("webChatId");
  const baseUrl = address(text("baseUrl"));
  if (!webChatId || !baseUrl) return null;
  const identity = value("identity");
  const theme = text("theme");
  return {
    webChatId,
    baseUrl,
    style,
    allowDrag: flag("allowDrag"),
    position: text("position"),
    contactId: text("contactId"),
    queryMetadata: value("queryMetadata") ?? value("query_metadata") ?? undefined,
    showChatNotification: flag("showChatNotification", true),
    openAfterSeconds: parseFloat(text("openAfterSeconds") ?? ""),
    proactiveMessage: text("proactiveMessage"),
    sound: flag("sound"),
    lang: text("lang"),
    // Given and no text, it says that nobody is logged in: the chat of who was shall not stay open for the next one.
    identity:
      typeof identity === "function"
        ? /** @type {Identity} */ (identity)
        : (text("identity") ?? (hasOwn(given, "identity") ? "" : undefined)),
    label: text("label"),
    theme: theme === "light" || theme === "dark" ? theme : undefined,
  };
}

/**
 * Where the chat's pages are: as it was set, else on the server that this script comes from. Only the web's own
 * schemes, because a frame would run a `javascript:` address in the page.
 *
 * @param {string} [given]
 */
function address(given) {
  try {
    const url = given ? new URL(given, location.href) : new URL("../web-chats", script?.src);
    return /^https?:$/.test(url.protocol) ? url.href.replace(/[?#].*/, "").replace(/\/+$/, "") : "";
  } catch {
    return "";
  }
}
