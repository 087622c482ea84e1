// @ts-check
/** Work that may wait until the page has nothing better to do: one task at a time, so that none is long. */

/** @type {Array<() => void | Promise<void>>} */
const tasks = [];
/** @type {Promise<void> | undefined} */
let running;

/** @returns {Promise<void>} */
const pause = () =>
  new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: 500 });
    else setTimeout(resolve, 16);
  });

async function run() {
  for (let task = tasks.shift(); task; task = tasks.shift()) {
    await pause();
    await task();
  }
  running = undefined;
}

/** @param {() => void | Promise<void>} task  must not throw */
export function later(task) {
  tasks.push(task);
  running ??= run();
}

/** Resolves when nothing is waiting any more. */
export async function settled() {
  while (running) await running;
}
