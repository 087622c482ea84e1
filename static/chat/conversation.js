// @ts-check
/** The open conversation: reads its history, follows what is new, and passes on what the person does. */

import { RequestError } from "./api.js";
import { newId } from "./ids.js";
import { Transcript } from "./transcript.js";

/** @import { Api } from "./api.js" */
/** @import { Outbox } from "./outbox.js" */
/** @import { Connection } from "./socket.js" */
/** @import { TranscriptListener } from "./transcript.js" */
/** @import { Problem, Row, ServerFrame } from "./types.js" */
/** @import { Chosen } from "./uploads.js" */

/** A list that is read before the socket is ready must be read again after; so it waits for it a moment. */
const SOCKET_FIRST = 300;

/**
 * @typedef {object} ConversationOptions
 * @property {string} id
 * @property {string | null} chatbot Who is asked; null when the server knows the conversation already.
 * @property {Api} api
 * @property {Connection} connection
 * @property {Outbox} outbox
 * @property {TranscriptListener & {onProblem: (problem: Problem) => void}} listener
 */

export class OpenConversation {
  /** @type {Row | null} */
  row = null;
  /** The history has been read, or there is none yet. */
  loaded = false;

  #options;
  #chatbot;
  /** @type {string | null} Where older messages begin. */
  #older = null;
  #loadingOlder = false;
  /** @type {ServerFrame[] | null} What came while the history was being read. */
  #held = null;
  #turn = 0;
  /** The connection in which it began; the server has subscribed that one to it. */
  #begunIn = 0;

  /** @param {ConversationOptions} options */
  constructor(options) {
    this.#options = options;
    this.id = options.id;
    this.#chatbot = options.chatbot;
    this.loaded = options.chatbot !== null;
    this.transcript = new Transcript(options.listener);
    if (this.known) setTimeout(() => this.loaded || this.#turn || void this.sync(), SOCKET_FIRST);
  }

  /** The server has it. */
  get known() {
    return this.#chatbot === null;
  }

  get hasOlder() {
    return this.#older !== null;
  }

  /** Subscribe and read the newest messages; again after each reconnection. */
  async sync() {
    if (!this.known) return;
    const turn = ++this.#turn;
    this.#held ??= [];
    this.#subscribe();
    try {
      const page = await this.#options.api.fetchMessages(this.id);
      if (turn !== this.#turn) return;
      this.row = page.conversation;
      if (!this.loaded) this.#older = page.next;
      this.loaded = true;
      this.transcript.merge(page.results.reverse());
    } catch (error) {
      if (turn === this.#turn && !this.loaded) this.#options.listener.onProblem(problemOf(error));
    } finally {
      if (turn === this.#turn) this.#release();
    }
  }

  async loadOlder() {
    if (!this.#older || this.#loadingOlder) return;
    this.#loadingOlder = true;
    try {
      const page = await this.#options.api.fetchMessages(this.id, this.#older);
      this.#older = page.next;
      this.transcript.prepend(page.results.reverse());
    } finally {
      this.#loadingOlder = false;
    }
  }

  /** @param {ServerFrame} frame */
  receive(frame) {
    if (foreign(frame, this.id)) return;
    if (this.#held) this.#held.push(frame);
    else this.#take(frame);
  }

  /** Nothing is read for it any more. */
  leave() {
    this.#turn = -1;
    this.#held = [];
  }

  /** Returns the message's id. @param {string} content @param {Chosen[]} [files] */
  send(content, files = []) {
    const { connection } = this.#options;
    const chatbot = this.#chatbot ? { chatbot: this.#chatbot } : {};
    if (!this.known && connection.state === "ready") this.#begunIn ||= connection.generation;
    const id = newId();
    this.#options.outbox.add({ id, conversation: this.id, content, ...chatbot }, files);
    return id;
  }

  /** Stop a reply; without a connection as soon as there is one. @param {string} reply */
  stop(reply) {
    this.transcript.stopping(reply);
    this.#options.connection.send({ type: "stop", reply });
  }

  /** Ask for another attempt at a reply. False: that is not possible now. @param {string} outgoing */
  async retry(outgoing) {
    const answer = this.transcript.message(outgoing);
    if (!answer) return false;
    if (!this.transcript.questionOf(answer)) await this.loadOlder();
    const question = this.transcript.questionOf(answer);
    return question !== undefined && this.#options.connection.send({ type: "retry", message: question.id });
  }

  #subscribe() {
    this.transcript.reconnected();
    const { connection } = this.#options;
    const [running] = this.transcript.open;
    const { id: reply, seq: after } = running?.reply ?? {};
    connection.send({ type: "open", conversation: this.id, ...(reply ? { reply, after: after ?? 0 } : {}) });
    for (const { reply: wish } of this.transcript.open) {
      if (wish?.stopRequested) connection.send({ type: "stop", reply: wish.id });
    }
  }

  #release() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const frame of held) this.#take(frame);
  }

  /** @param {ServerFrame} frame */
  #take(frame) {
    const gap = this.transcript.apply(frame);
    if (gap) this.#options.connection.send({ type: "open", conversation: this.id, ...gap });
    if (frame.type === "message" && !this.known) this.#stored();
  }

  /** The first message of a new conversation is stored: from now on it is like any other. */
  #stored() {
    this.#chatbot = null;
    if (this.#begunIn !== this.#options.connection.generation) this.#subscribe();
  }
}

/** @param {ServerFrame} frame @param {string} id */
function foreign(frame, id) {
  if (frame.type === "message") return frame.message.conversation !== id;
  return frame.type === "reply.started" && frame.conversation !== id;
}

/** @param {unknown} error @returns {Problem} */
export function problemOf(error) {
  if (!(error instanceof RequestError)) throw error;
  const { code, message, retryAfter } = error;
  return retryAfter === undefined ? { code, message } : { code, message, retryAfter };
}

