// @ts-check
/**
 * A reply, on the page: what it is doing, its text, its sources, how it ended and what can be done with it. Or what a
 * teammate wrote in the place of one, with its files.
 */

import { showAttachments } from "./attachments.js";
import { find, setIcon, stamp } from "./dom.js";
import { pauseSentence, replySentence } from "./errors.js";
import { StreamRenderer } from "./markdown.js";
import { placeOf, titleOf } from "./passage.js";
import { isOpen } from "./transcript.js";

/** @import { CitationNode, Message, Reply } from "./types.js" */

export class OutgoingView {
  element = stamp("outgoing-part");
  #prose = find(".prose", this.element);
  #renderer = new StreamRenderer(this.#prose);
  #files = find(".files", this.element);
  #speaker;
  /** @type {Message} */
  #message;
  /** What the renderer was given last. */
  #shown = { content: "", open: false };
  /** @type {CitationNode[]} */
  #nodes = [];
  #timer = 0;

  /** @param {Message} message @param {() => {name: string, documents: number}} speaker Who replies. */
  constructor(message, speaker) {
    this.#message = message;
    this.#speaker = speaker;
  }

  /** @param {Message} message @param {{waits: boolean}} place Whether a reply before it is still running. */
  update(message, { waits }) {
    this.#message = message;
    const open = isOpen(message);
    if (open) this.element.dataset.replyState = message.reply?.state;
    else delete this.element.dataset.replyState;
    this.element.ariaBusy = open ? "true" : null;
    this.#cite(message.citationNodes);
    this.grow();
    showAttachments(this.#files, message.attachments);
    this.#head(open);
    this.#step(open, waits);
    this.#sources(open);
    this.#ending(message.reply);
    this.#actions(open);
  }

  /** Show the text as it is now. */
  grow() {
    const { content } = this.#message;
    const open = isOpen(this.#message);
    if (content === this.#shown.content && open === this.#shown.open) return;
    this.#shown = { content, open };
    this.#prose.hidden = content === "";
    if (content) find(".step", this.element).hidden = true;
    if (open) this.#renderer.update(content);
    else this.#renderer.finish(content);
  }

  get source() {
    return this.#message.content;
  }

  /** @param {number} number */
  citation(number) {
    return this.#message.citationNodes.find((node) => node.number === number);
  }

  dispose() {
    clearTimeout(this.#timer);
    this.#renderer.dispose();
  }

  /** @param {CitationNode[]} nodes */
  #cite(nodes) {
    if (nodes === this.#nodes) return;
    this.#nodes = nodes;
    this.#renderer.setCitations(nodes.map((node) => ({ number: node.number, title: titleOf(node) })));
  }

  /** @param {boolean} open */
  #head(open) {
    const { name } = this.#speaker();
    const { content, reply } = this.#message;
    const failed = reply !== null && !open && !content;
    const sentence = open
      ? gettext("%(name)s is replying")
      : failed
        ? gettext("%(name)s could not reply")
        : gettext("%(name)s said");
    find("h2", this.element).textContent = interpolate(sentence, { name }, true);
  }

  /** @param {boolean} open @param {boolean} waits */
  #step(open, waits) {
    const step = find(".step", this.element);
    step.hidden = !open || this.#message.content !== "";
    clearTimeout(this.#timer);
    if (step.hidden) return;
    find(".step-text", step).textContent = this.#doing(waits);
    const left = (this.#message.reply?.pause?.until ?? 0) - Date.now();
    if (left > 0) this.#timer = setTimeout(() => this.#step(isOpen(this.#message), waits), left);
    find("[data-action=stop]", step).hidden = !waits || this.#message.reply?.stopRequested === true;
  }

  /** @param {boolean} waits */
  #doing(waits) {
    const { documents } = this.#speaker();
    const found = this.#message.citationNodes.length;
    if (this.#message.reply?.stopRequested) return gettext("Stopping…");
    if (waits) return gettext("Waits for the reply above");
    if (this.#message.reply?.state === "queued") return gettext("Waits until the server has room…");
    if (this.#message.reply?.pause) return pauseSentence(this.#message.reply.pause);
    if (found) {
      return interpolate(ngettext("Reading %(count)s source…", "Reading %(count)s sources…", found), { count: found }, true);
    }
    return documents ? gettext("Searching the documents…") : gettext("Thinking…");
  }

  /** @param {boolean} open */
  #sources(open) {
    const section = find(".sources", this.element);
    const sources = this.#nodes.filter((node) => node.chatbotTextNode);
    section.hidden = open || !sources.length;
    if (section.hidden) return;
    find("ol", section).replaceChildren(...sources.map(sourceChip));
  }

  /** @param {Reply | null} reply */
  #ending(reply) {
    const partial = this.#message.content !== "";
    const notice = find(".notice", this.element);
    const stopped = reply?.state === "stopped";
    find(".ended", this.element).hidden = !stopped;
    find(".ended span", this.element).textContent = stopped ? gettext("You stopped this reply.") : "";
    notice.hidden = reply?.state !== "interrupted" && reply?.state !== "failed";
    if (notice.hidden || !reply) return;
    const title = partial ? gettext("The reply was interrupted") : gettext("No reply came");
    const error = reply.error ?? { code: "internal", message: "", retryable: true };
    notice.className = partial ? "notice notice--warning" : "notice notice--danger";
    notice.ariaLabel = title;
    setIcon(find(".icon", notice), partial ? "alert" : "circle-alert");
    find(".notice-title", notice).textContent = title;
    find(".notice-text", notice).textContent = replySentence(error, partial);
    find(".notice-code", notice).textContent = partial ? "" : error.code;
    find("[data-action=retry]", notice).hidden = !error.retryable;
  }

  /** @param {boolean} open */
  #actions(open) {
    const { content, feedback, reply } = this.#message;
    const actions = find(".actions", this.element);
    // A reply that failed before its first word has its own Retry.
    actions.hidden = open || (!content && reply?.state !== "stopped" && reply?.state !== "complete");
    for (const name of ["copy", "like", "dislike"]) find(`[data-action=${name}]`, actions).hidden = !content;
    for (const name of ["like", "dislike"]) {
      find(`[data-action=${name}]`, actions).ariaPressed = String(feedback?.type === name);
    }
    find("[data-action=retry]", actions).hidden = !reply;
  }
}

/** @param {CitationNode} node */
function sourceChip(node) {
  const item = stamp("source-part");
  const button = find("button", item);
  button.dataset.number = String(node.number);
  button.ariaLabel = interpolate(
    gettext("Source %(number)s, %(title)s"),
    { number: node.number, title: `${titleOf(node)} ${placeOf(node)}`.trim() },
    true,
  );
  find(".num-chip", item).textContent = String(node.number);
  find(".src-title", item).textContent = titleOf(node);
  find(".src-where", item).textContent = placeOf(node);
  return item;
}
