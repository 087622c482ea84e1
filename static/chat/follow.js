// @ts-check
/**
 * Keeps the end of the thread in view while a reply grows, until the reader scrolls up. Following stops at the first
 * upward movement and resumes at the end.
 */

const AT_THE_END = 4;
/** So far from the end one may be without having left it: a jump is offered from here on. */
const NEAR_THE_END = 100;

export class Follow {
  #scroller;
  #jump;
  #following = true;
  #top = 0;
  #height = 0;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} content What grows inside it.
   * @param {HTMLButtonElement} jump "Jump to latest".
   */
  constructor(scroller, content, jump) {
    this.#scroller = scroller;
    this.#jump = jump;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    scroller.addEventListener("wheel", (event) => event.deltaY < 0 && this.#leave(), { passive: true });
    jump.addEventListener("click", () => {
      this.toEnd();
      // The button goes away; the keys scroll on from here.
      scroller.focus({ preventScroll: true });
    });
    const observer = new ResizeObserver(() => this.#resized());
    observer.observe(content);
    observer.observe(scroller);
  }

  /** Go to the end, and stay there. */
  toEnd() {
    this.#following = true;
    this.#stick();
  }

  /**
   * Change what is shown without moving what is being read.
   *
   * @param {() => void} change
   * @param {() => Element | null} anchor What is being read.
   */
  change(change, anchor) {
    if (this.#following) {
      change();
      return this.#stick();
    }
    const held = anchor();
    const before = held?.getBoundingClientRect().top ?? 0;
    change();
    if (held?.isConnected) this.#scroller.scrollTop += held.getBoundingClientRect().top - before;
    this.#remember();
    this.#offerJump();
  }

  #resized() {
    if (this.#following) this.#stick();
    else this.#offerJump();
  }

  #scrolled() {
    const { scrollTop, scrollHeight } = this.#scroller;
    const movedUp = scrollTop < this.#top - 1;
    const movedDown = scrollTop > this.#top + 1;
    // A shorter thread moves by itself: that is no wish of the reader's.
    const shrank = scrollHeight < this.#height;
    // While a reply grows the end moves on before this is heard, so that on the way down near is near enough.
    if (this.#distance() <= (movedDown ? NEAR_THE_END : AT_THE_END)) this.#following = true;
    else if (movedUp && !shrank) this.#following = false;
    this.#remember();
    this.#offerJump();
  }

  #leave() {
    if (this.#scroller.scrollTop > 0 && this.#scroller.scrollHeight > this.#scroller.clientHeight) {
      this.#following = false;
    }
  }

  #stick() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#remember();
    this.#offerJump();
  }

  #remember() {
    this.#top = this.#scroller.scrollTop;
    this.#height = this.#scroller.scrollHeight;
  }

  #distance() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - clientHeight - scrollTop;
  }

  #offerJump() {
    this.#jump.hidden = this.#following || this.#distance() < NEAR_THE_END;
  }
}
