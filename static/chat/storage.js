// @ts-check
/** The browser's storage, which may be full, refused or absent: then the page goes on without it. */

/** @typedef {"localStorage" | "sessionStorage"} Kind */

/** @param {Kind} kind @param {string} key @returns {string | null} */
export function read(kind, key) {
  try {
    return window[kind].getItem(key);
  } catch {
    return null;
  }
}

/** @param {Kind} kind @param {string} key @param {string | null} value Null removes it. */
export function write(kind, key, value) {
  try {
    if (value === null) window[kind].removeItem(key);
    else window[kind].setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

/** @param {Kind} kind @param {string} prefix @returns {string[]} */
export function keys(kind, prefix) {
  try {
    return Object.keys(window[kind]).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
