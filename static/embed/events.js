// @ts-check
/** Subscribers of the page's own scripts: what one of them throws reaches the console, and nobody else. */

export class Events {
  /** @type {{name: string, callback: (detail: unknown) => void}[]} */
  #all = [];

  /** @param {string} name @param {(detail: unknown) => void} callback */
  on(name, callback) {
    if (typeof callback !== "function") throw new TypeError("events.on(name, callback) needs a function");
    this.#all.push({ name, callback });
  }

  /** @param {string} name @param {(detail: unknown) => void} callback The same function. */
  off(name, callback) {
    this.#all = this.#all.filter((one) => one.name !== name || one.callback !== callback);
  }

  /** @param {string} name @param {unknown} [detail] */
  emit(name, detail) {
    this.#all.forEach((one) => {
      if (one.name !== name) return;
      try {
        one.callback(detail);
      } catch (error) {
        console.error(error);
      }
    });
  }
}
