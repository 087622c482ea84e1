// @ts-check
/** Work that may wait until the page has nothing better to do: as much at a time as it has time for. */

/** @typedef {() => void | Promise<void>} Task */

/** @type {Task[]} */
const tasks = [];
/** @type {Promise<void> | undefined} */
let running;

/** What a task needs at most, nearly always. */
const TASK_MS = 8;
/** Browsers that do not say when they are idle get one task a frame. */
const UNKNOWN = { timeRemaining: () => 0 };

/** @returns {Promise<{timeRemaining: () => number}>} */
const idle = () =>
  new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(resolve, { timeout: 500 });
    else setTimeout(() => resolve(UNKNOWN), 16);
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
  while (tasks.length) {
    const period = await idle();
    for (let task = tasks.shift(); task; task = period.timeRemaining() > TASK_MS ? tasks.shift() : undefined) {
      await attempt(task);
    }
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
