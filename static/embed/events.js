// @ts-check
/** Subscribers of the page's own scripts: what one of them throws reaches the console, and nobody else. */

/** @type {{name: string, callback: (detail: any) => void}[]} */
let all = [];

/** @param {string} name @param {(detail: any) => void} callback */
export function on(name, callback) {
  if (typeof callback !== "function") throw new TypeError("events.on(name, callback) needs a function");
  all.push({ name, callback });
}

/** @param {string} name @param {(detail: any) => void} callback The same function. */
export function off(name, callback) {
  all = all.filter((one) => one.name !== name || one.callback !== callback);
}

/** @param {string} name @param {unknown} [detail] */
export function emit(name, detail) {
  all.forEach((one) => {
    if (one.name !== name) return;
    try {
      one.callback(detail);
    } catch (error) {
      console.error(error);
    }
  });
}
