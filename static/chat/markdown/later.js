// @ts-check
/** Work that may wait until the page has nothing better to do: one task at a time, so that none is long. */

/** @typedef {() => void | Promise<void>} Task */

/** @type {Task[]} */
const tasks = [];
/** @type {Promise<void> | undefined} */
let running;

/** @returns {Promise<void>} */
const pause = () =>
  new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: 500 });
    else setTimeout(resolve, 16);
  });

/** A task that fails is told to the console and holds up no other. @param {Task} task */
async function attempt(task) {
  try {
    await task();
  } catch (error) {
    reportError(error);
  }
}

async function run() {
  for (let task = tasks.shift(); task; task = tasks.shift()) {
    await pause();
    await attempt(task);
  }
  running = undefined;
}

/** @param {Task} task */
export function later(task) {
  tasks.push(task);
  running ??= run();
}

/** Resolves when nothing is waiting any more. */
export async function settled() {
  while (running) await running;
}
