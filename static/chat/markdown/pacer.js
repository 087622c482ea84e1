// @ts-check
/** Decides when to draw: at most once a frame, and never sooner than four times what the last drawing cost. */

const REST = 4;

export class Pacer {
  #draw;
  #timer = 0;
  #frame = 0;
  #restUntil = 0;

  /** @param {() => void} draw */
  constructor(draw) {
    this.#draw = draw;
  }

  /** Something changed; asking again before the drawing costs nothing. */
  ask() {
    if (this.#timer || this.#frame) return;
    const wait = this.#restUntil - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#nextFrame(), wait);
    else this.#nextFrame();
  }

  cancel() {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#timer = this.#frame = 0;
  }

  #nextFrame() {
    this.#timer = 0;
    this.#frame = requestAnimationFrame(() => this.#run());
  }

  #run() {
    this.#frame = 0;
    const start = performance.now();
    this.#draw();
    const end = performance.now();
    this.#restUntil = end + REST * (end - start);
  }
}
