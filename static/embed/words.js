// @ts-check
/** What the loader itself says: the rest is said inside the frame. */

const ENGLISH = {
  code: "en",
  open: "Open chat",
  close: "Close chat",
  dismiss: "Dismiss",
  title: "Chat",
  /** @param {number} count */
  unread: (count) => (count === 1 ? "1 unread message" : `${count} unread messages`),
  loading: "Loading…",
  slow: "The chat takes longer than usual to load.",
  refused: "The chat cannot be shown on this site.",
  tab: "Open it in a new tab",
};

/** @type {typeof ENGLISH} */
const CHINESE = {
  code: "zh-Hant",
  open: "開啟對話",
  close: "關閉對話",
  dismiss: "關閉",
  title: "對話",
  unread: (count) => `${count} 則未讀訊息`,
  loading: "載入中…",
  slow: "對話的載入時間比平常久。",
  refused: "這個網站無法顯示對話。",
  tab: "在新分頁開啟",
};

/** @param {string} [lang] A language code; none: the browser's. */
export const wordsFor = (lang) => (/^zh\b/i.test(lang || navigator.language) ? CHINESE : ENGLISH);
