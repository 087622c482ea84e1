// @ts-check
/**
 * What is known of the open conversation: its messages in reading order and how far each reply's text has come.
 * Frames may arrive twice, late or with a gap between them; the text is exact all the same.
 */

/** @import { CitationNode, EndedFrame, Message, Pause, ReplyState, ServerFrame } from "./types.js" */

/**
 * @typedef {{reply: string, after: number}} Gap What must be asked for again.
 *
 * @typedef {object} TranscriptListener
 * @property {() => void} onChange Messages came, went or changed their state.
 * @property {(message: Message) => void} onText A reply's text grew, or was replaced.
 * @property {(message: Message) => void} onStart A reply began.
 * @property {(pause: Pause) => void} onPause The model is asked again after a pause.
 * @property {(message: Message) => void} onEnd A reply ended.
 * @property {(message: Message) => void} onAnswer Somebody of the team, or a program, has written.
 */

const OPEN = new Set(/** @type {ReplyState[]} */ (["queued", "running"]));

export class Transcript {
  /** @type {Message[]} In reading order. */
  messages = [];

  #listener;
  /** @type {Map<string, number>} From where a reply's text was asked for again, so that it is asked once. */
  #asked = new Map();
  /** @type {Set<string>} Replies whose end came before what was asked for. */
  #overtaken = new Set();
  /** @type {Set<string>} Replies whose text was read again from the beginning, because its length was wrong. */
  #readAgain = new Set();
  /** @type {Set<string>} Replies that were seen to begin. */
  #started = new Set();
  /** @type {Set<string>} Those of which the end was told. */
  #ended = new Set();

  /** @param {TranscriptListener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** Replies that are queued or running, in reading order. */
  get open() {
    return this.messages.filter((message) => message.type === "outgoing" && isOpen(message));
  }

  /** @param {string} id */
  message(id) {
    return this.messages.find((message) => message.id === id);
  }

  /** The message that a reply answers. @param {Message} outgoing */
  questionOf(outgoing) {
    return this.messages.find(({ type, reply }) => type === "incoming" && reply?.message === outgoing.id);
  }

  /** Older messages, in reading order. @param {Message[]} older */
  prepend(older) {
    const known = new Set(this.messages.map(({ id }) => id));
    older.forEach(setClock);
    this.messages = [...older.filter(({ id }) => !known.has(id)), ...this.messages];
    this.#listener.onChange();
  }

  /**
   * The newest messages as the server has them now, in reading order. What is known beyond them stays: older pages,
   * and what came by the socket in the meantime.
   *
   * @param {Message[]} newest
   */
  merge(newest) {
    newest.forEach(setClock);
    const listed = new Set(newest.map(({ id }) => id));
    const first = this.messages.findIndex(({ id }) => listed.has(id));
    const last = this.messages.findLastIndex(({ id }) => listed.has(id));
    const older = first > 0 ? this.messages.slice(0, first) : [];
    // At a place that the list reaches, what it does not have was replaced, as by another attempt.
    const end = Math.max(0, ...newest.map(({ position }) => position));
    const later = this.messages.slice(last + 1).filter(({ position }) => !position || position > end);
    const fresh = newest.map((message) => further(this.message(message.id), message));
    this.messages = first < 0 && newest.length ? [...fresh, ...later.filter(isOpen)] : [...older, ...fresh, ...later];
    this.#listener.onChange();
  }

  /** A new subscription: what was asked for before will not be answered. */
  reconnected() {
    this.#asked.clear();
    this.#overtaken.clear();
  }

  /** Take in a frame. Returns what must be asked for again. @param {ServerFrame} frame @returns {Gap | null} */
  apply(frame) {
    switch (frame.type) {
      case "message":
        return this.#post(frame.message);
      case "reply.started":
        return this.#start(frame.reply, frame.message);
      case "reply.delta":
        return this.#append(frame.reply, frame.from, frame.seq, frame.text);
      case "reply.snapshot":
        return this.#replace(frame.reply, frame.seq, frame.text);
      case "reply.citations":
        return this.#cite(frame.reply, frame.seq, frame.citationNodes);
      case "reply.waiting":
        return this.#wait(frame.reply, frame.seq, { code: frame.code, until: after(frame.seconds) });
      case "reply.ended":
        return this.#end(frame);
      default:
        return null;
    }
  }

  /** The person asked this reply to stop, and the server has not answered yet. @param {string} reply */
  stopping(reply) {
    const message = this.#answer(reply);
    if (!message?.reply || !isOpen(message)) return;
    message.reply.stopRequested = true;
    this.#listener.onChange();
  }

  /** @param {Message} message */
  #post(message) {
    setClock(message);
    const index = this.messages.findIndex(({ id }) => id === message.id);
    const before = this.messages[index];
    if (before) this.messages[index] = further(before, message);
    else this.#insert(message);
    if (message.type === "incoming" && message.reply) this.#expect(message, before?.reply?.message);
    this.#listener.onChange();
    if (!before && message.type === "outgoing" && !message.reply) this.#listener.onAnswer(message);
    return null;
  }

  /** Two tabs that send at once hear of it in different orders. @param {Message} message */
  #insert(message) {
    const later = this.messages.findIndex(({ position }) => position > message.position);
    this.messages.splice(later < 0 ? this.messages.length : later, 0, message);
  }

  /**
   * Make room for the reply to a message, in the place of an earlier attempt if there was one.
   *
   * @param {Message} question
   * @param {string | undefined} earlier
   */
  #expect(question, earlier) {
    const reply = question.reply;
    if (!reply || this.message(reply.message)) return;
    // It may be over by the time that its question is told of; to this tab it is when its text and end have come.
    const state = reply.state === "queued" ? "queued" : "running";
    const answer = blank(reply.message, question.conversation, reply.id, state);
    answer.reply = { ...reply, state, seq: 0 };
    answer.position = question.position + 1;
    const superseded = this.messages.findIndex(({ id }) => id === earlier);
    if (superseded >= 0) this.messages.splice(superseded, 1, answer);
    else this.messages.splice(this.messages.indexOf(question) + 1 || this.messages.length, 0, answer);
  }

  /** @param {string} reply @param {string} id */
  #start(reply, id) {
    const known = this.#answer(reply);
    // A reply whose question this tab has not heard of yet: the next list of messages brings it.
    if (!known) this.messages.push(blank(id, "", reply, "running"));
    else {
      if (isOpen(known) && known.reply) known.reply.state = "running";
      // A list that took longer than the reply has brought it with its end; that it began is news all the same.
      if (!this.#started.has(reply)) this.#listener.onStart(known);
    }
    this.#started.add(reply);
    this.#listener.onChange();
    return null;
  }

  /** @param {string} id @param {number} from @param {number} seq @param {string} text */
  #append(id, from, seq, text) {
    const message = this.#answer(id);
    if (!message?.reply || seq <= message.reply.seq || !isOpen(message)) return null;
    // From the beginning: that is the whole text, whatever of it was known.
    if (from === 0) return this.#replace(id, seq, text);
    if (from !== message.reply.seq) return this.#ask(id, message.reply.seq);
    return this.#write(message, seq, message.content + text);
  }

  /** @param {string} id @param {number} seq @param {string} text */
  #replace(id, seq, text) {
    const message = this.#answer(id);
    return message ? this.#write(message, seq, text) : null;
  }

  /** @param {Message} message @param {number} seq @param {string} text */
  #write(message, seq, text) {
    if (!message.reply) return null;
    this.#asked.delete(message.reply.id);
    message.content = text;
    message.reply.seq = seq;
    message.reply.pause = null;
    if (message.reply.state === "queued") message.reply.state = "running";
    this.#listener.onText(message);
    return null;
  }

  /** @param {EndedFrame} frame */
  #end(frame) {
    const message = this.#answer(frame.reply);
    if (!message?.reply) return null;
    if (codePoints(message.content) !== frame.length) {
      // What was asked for is still to come, and ends with an end of its own.
      if (this.#asked.has(frame.reply) && !this.#overtaken.has(frame.reply)) {
        this.#overtaken.add(frame.reply);
        return null;
      }
      if (!this.#readAgain.has(frame.reply)) return this.#readFromStart(message.reply.id, message);
    }
    const isNews = (isOpen(message) || this.#started.has(frame.reply)) && !this.#ended.has(frame.reply);
    Object.assign(message.reply, { state: frame.status, seq: frame.seq, error: frame.error ?? null });
    setClock(message);
    this.#listener.onChange();
    if (!isNews) return null;
    this.#ended.add(frame.reply);
    this.#listener.onEnd(message);
    return null;
  }

  /** @param {string} reply @param {Message} message */
  #readFromStart(reply, message) {
    this.#readAgain.add(reply);
    this.#asked.delete(reply);
    message.content = "";
    if (message.reply) message.reply.seq = 0;
    return this.#ask(reply, 0);
  }

  /** @param {string} reply @param {number} seq @param {CitationNode[]} nodes */
  #cite(reply, seq, nodes) {
    const message = this.#answer(reply);
    if (!message?.reply || (isOpen(message) && seq <= message.reply.seq)) return null;
    message.citationNodes = nodes;
    message.reply.seq = Math.max(seq, message.reply.seq);
    this.#listener.onChange();
    return null;
  }

  /** @param {string} reply @param {number} seq @param {Pause} pause */
  #wait(reply, seq, pause) {
    const message = this.#answer(reply);
    if (!message?.reply || !isOpen(message) || seq <= message.reply.seq) return null;
    Object.assign(message.reply, { seq, pause });
    this.#listener.onChange();
    this.#listener.onPause(pause);
    return null;
  }

  /** @param {string} reply @param {number} after @returns {Gap | null} */
  #ask(reply, after) {
    if (this.#asked.get(reply) === after) return null;
    this.#asked.set(reply, after);
    return { reply, after };
  }

  /** The message that holds a reply's text. @param {string} reply */
  #answer(reply) {
    return this.messages.findLast((message) => message.type === "outgoing" && message.reply?.id === reply);
  }
}

/** The server says how long something takes, not when it is: a browser's clock may be wrong. @param {Message} message */
function setClock({ reply }) {
  if (reply?.waiting) reply.pause = { code: reply.waiting.code, until: after(reply.waiting.seconds) };
  if (reply?.error?.retryAfter) reply.error.until = after(reply.error.retryAfter);
}

/** @param {number} seconds */
function after(seconds) {
  return Date.now() + seconds * 1000;
}

/** @param {Message} message */
export function isOpen({ reply }) {
  return reply !== null && OPEN.has(reply.state);
}

/** Of two states of one message the one that is further on. @param {Message | undefined} mine @param {Message} theirs */
function further(mine, theirs) {
  if (!mine?.reply || !theirs.reply || mine.reply.id !== theirs.reply.id || !isOpen(theirs)) return theirs;
  return !isOpen(mine) || mine.reply.seq >= theirs.reply.seq ? mine : theirs;
}

/** @param {string} text */
function codePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** @param {string} id @param {string} conversation @param {string} reply @param {ReplyState} state @returns {Message} */
function blank(id, conversation, reply, state) {
  return {
    id,
    conversation,
    position: 0,
    type: "outgoing",
    content: "",
    feedback: null,
    createdAt: String(Date.now()),
    attachments: [],
    citationNodes: [],
    reply: { id: reply, message: id, state, attempt: 1, seq: 0, error: null, stopRequested: false },
  };
}
