// @ts-check
/**
 * Decides when to draw: at most once a frame, and never sooner than four times what the last drawing cost.
 *
 * The cost is what the browser made of it too (style, layout, paint), so that however slow the machine and however
 * long the text, four fifths of the time are left for the person.
 */

const REST = 4;

export class Pacer {
  #draw;
  #frame = 0;
  #timer = 0;
  /** Which series of drawings this is: what a cancelled one still waits for is not heard. */
  #series = 0;
  #isWanted = false;
  #isDrawing = false;

  /** @param {() => void} draw */
  constructor(draw) {
    this.#draw = draw;
  }

  /** Something changed; asking again before the drawing costs nothing. */
  ask() {
    this.#isWanted = true;
    if (!this.#isDrawing) this.#begin();
  }

  /** What was asked for is not wanted any more. */
  cancel() {
    this.#isWanted = this.#isDrawing = false;
    this.#series += 1;
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
  }

  #begin() {
    this.#isDrawing = true;
    const series = this.#series;
    this.#frame = requestAnimationFrame(() => {
      const start = performance.now();
      this.#isWanted = false;
      this.#draw();
      afterPaint(() => {
        if (series === this.#series) this.#rest(REST * (performance.now() - start));
      });
    });
  }

  /** @param {number} milliseconds */
  #rest(milliseconds) {
    if (milliseconds) this.#timer = setTimeout(() => this.#end(), milliseconds);
    else this.#end();
  }

  #end() {
    this.#isDrawing = false;
    if (this.#isWanted) this.#begin();
  }
}

/** @type {Array<() => void>} */
const painted = [];
const { port1: ear, port2: mouth } = new MessageChannel();
ear.onmessage = () => painted.shift()?.();

/** A message is a task of its own: it comes after the frame's rendering, without a timer's delay. @param {() => void} then */
function afterPaint(then) {
  painted.push(then);
  mouth.postMessage(null);
}
