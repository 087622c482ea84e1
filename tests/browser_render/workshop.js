/** What the tests do in the page. Here the clock stands still, so that every update is drawn at once. */

import { StreamRenderer, renderInto, settled } from "/chat/markdown.js";

const clock = { frame: requestAnimationFrame.bind(window), now: performance.now.bind(performance) };

/** What is drawn across the start of the clock took no time then: the renderer rests as long as it drew. */
function stopClock() {
  const at = clock.now();
  window.requestAnimationFrame = (draw) => (draw(at), 0);
  performance.now = () => at;
}

function startClock() {
  window.requestAnimationFrame = clock.frame;
  performance.now = clock.now;
}

/** A fresh place for a text, in the page. */
function place() {
  const node = document.createElement("div");
  node.className = "prose";
  document.getElementById("out").replaceChildren(node);
  return node;
}

async function whole(text, options) {
  const node = place();
  renderInto(node, text, options);
  await settled();
  return node;
}

async function streamed(text, cuts, options) {
  const node = place();
  const renderer = new StreamRenderer(node, options);
  stopClock();
  for (const cut of cuts) {
    renderer.update(text.slice(0, cut));
    await tick();
  }
  startClock();
  renderer.finish(text);
  await settled();
  return node;
}

/** Until the messages sent before have been heard: the renderer waits for its paint with one. */
function tick() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => (port1.close(), resolve());
    port2.postMessage(null);
  });
}

const everyCharacter = (text) => Array.from(text, (_, index) => index + 1);

/** Everything that was begun has had its chance to run: requests, events, timers of the texts just shown. */
async function calm() {
  await settled();
  await fetch("/workshop/catalogue.js");
  for (let frame = 0; frame < 3; frame += 1) await new Promise((resolve) => clock.frame(resolve));
  await new Promise((resolve) => setTimeout(resolve));
}

Object.assign(window, {
  workshop: { StreamRenderer, renderInto, settled, whole, streamed, everyCharacter, calm, place, stopClock, startClock },
});
