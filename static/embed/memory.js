// @ts-check
/** The host page's storage, which may be full, refused or absent: then nothing is remembered. */

/** @typedef {"localStorage" | "sessionStorage"} Kind */

/** @param {Kind} kind @param {string} key @returns {string | null} */
export function recall(kind, key) {
  try {
    return window[kind].getItem(`parley:${key}`);
  } catch {
    return null;
  }
}

/** @param {Kind} kind @param {string} key @param {string | null} value Null forgets it. */
export function remember(kind, key, value) {
  try {
    if (value === null) window[kind].removeItem(`parley:${key}`);
    else window[kind].setItem(`parley:${key}`, value);
  } catch {
    // The page goes on without it.
  }
}
