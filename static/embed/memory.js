// @ts-check
/** The host page's storage, which may be full, refused or absent: then nothing is remembered. */

/** @typedef {"localStorage" | "sessionStorage"} Kind */

/** @param {string} key @param {Kind} [kind] @returns {string | null} */
export function recall(key, kind = "localStorage") {
  try {
    return window[kind].getItem(`parley:${key}`);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string | null} value Null forgets it. @param {Kind} [kind] */
export function remember(key, value, kind = "localStorage") {
  try {
    if (value === null) window[kind].removeItem(`parley:${key}`);
    else window[kind].setItem(`parley:${key}`, value);
  } catch {
    // The page goes on without it.
  }
}
