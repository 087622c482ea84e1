// @ts-check
/** The page: one open conversation, and all that shows it. Every part tells the page; the page tells the parts. */

import { Announcer } from "./announcer.js";
import { Composer } from "./composer.js";
import { OpenConversation } from "./conversation.js";
import { find } from "./dom.js";
import { keepDraft, keepFiles, readDraft, readFiles } from "./drafts.js";
import { outcomeSentence, pauseSentence, requestSentence } from "./errors.js";
import { Follow } from "./follow.js";
import { newId } from "./ids.js";
import { Older } from "./older.js";
import { passes } from "./outbox.js";
import { PassageCard } from "./passage.js";
import { Picker } from "./picker.js";
import { ReplyActions, showProblem } from "./replyactions.js";
import { Stage } from "./stage.js";
import { Thread } from "./thread.js";
import { messageOf } from "./unsent.js";

/** @import { Api } from "./api.js" */
/** @import { Delivery } from "./incoming.js" */
/** @import { Entry, Outbox } from "./outbox.js" */
/** @import { Sidebar } from "./sidebar.js" */
/** @import { Reason } from "./stage.js" */
/** @import { Connection } from "./socket.js" */
/** @import { Boot, Chatbot, Message, Problem, Row, ServerFrame } from "./types.js" */
/** @import { Chosen } from "./uploads.js" */

/**
 * @typedef {object} PageOptions
 * @property {string} owner Whose drafts these are.
 * @property {Pick<Boot, "chatbots" | "chatbot" | "limits">} boot
 * @property {Api} api
 * @property {Connection} connection
 * @property {Outbox} outbox
 * @property {Sidebar} sidebar
 * @property {{show: (row: Row | null | undefined) => void}} header Null: a new chat.
 * @property {() => boolean} isSeen Whether the person sees the page.
 * @property {() => boolean} mayFocus Whether the page may take the focus by itself.
 * @property {(id: string) => void} onBegin A new chat has its first message, and so an address.
 * @property {() => void} onNewChat
 * @property {(message: Message) => void} [onReplyStart]
 * @property {(message: Message) => void} [onReplyEnd]
 * @property {(message: Message) => void} [onAnswer]
 */

export class Page {
  /** @type {OpenConversation} */
  conversation;
  announcer = new Announcer(find("#announcer"));

  #boot;
  #connection;
  #outbox;
  #sidebar;
  #options;
  /** @type {Chatbot} Who answers in a new chat. */
  #chatbot;
  #scroller = find("#scroller");
  #follow = new Follow(this.#scroller, find("#stage"), /** @type {HTMLButtonElement} */ (find("#jump")));
  #stage = new Stage((text) => this.send(text));
  /** Why there is no thread to show, if so. @type {"" | "refused" | "unread"} */
  #blocked = "";
  #thread;
  #composer;
  #picker;

  /** @param {PageOptions} options */
  constructor(options) {
    const { boot, connection, outbox, sidebar } = options;
    this.#options = options;
    this.#boot = boot;
    this.#connection = connection;
    this.#outbox = outbox;
    this.#sidebar = sidebar;
    this.#chatbot = boot.chatbots.find(({ id }) => id === boot.chatbot) ?? boot.chatbots[0] ?? NOBODY;
    const actions = new ReplyActions({
      api: options.api,
      conversation: () => this.conversation,
      outbox,
      announcer: this.announcer,
      refresh: () => this.#render(),
      onGone: () => this.#focus(),
    });
    this.#thread = new Thread(find("#thread"), {
      speaker: () => this.#speaker,
      onAction: (action, id, button) => actions.run(action, id, button),
    });
    new PassageCard(find("#thread"), (anchor) => this.#thread.citation(anchor));
    this.#composer = new Composer({
      limits: boot.limits,
      onSend: (text, files) => this.send(text, files),
      onStop: () => this.#stop(),
      onDraft: (text) => keepDraft(options.owner, this.#draftKey, text),
      onFiles: (files) => keepFiles(options.owner, this.#draftKey, files),
      say: (sentence) => this.announcer.say(sentence),
    });
    this.#picker = boot.chatbots.length > 1 ? new Picker(boot.chatbots, (chatbot) => this.newChat(chatbot)) : null;
    this.conversation = this.#begin(newId(), this.#chatbot.id);
    new Older(this.#scroller, () => this.conversation);
  }

  /** @param {Chatbot} [chatbot] Who answers; as before, when absent. */
  newChat(chatbot = this.#chatbot) {
    this.#chatbot = chatbot;
    this.#turnTo(this.#begin(newId(), chatbot.id));
  }

  /** @param {string} id */
  open(id) {
    if (id === this.conversation.id) return this.#composer.focus();
    const [unsent] = this.#outbox.of(id);
    this.#turnTo(this.#begin(id, unsent?.chatbot ?? null));
    if (this.#connection.state === "ready") void this.conversation.sync();
  }

  /** The conversation does not exist for this person, or not any more. */
  refuse() {
    this.conversation.row = null;
    this.block({
      title: gettext("You no longer have access to this conversation."),
      text: "",
      label: gettext("New chat"),
      action: this.#options.onNewChat,
    });
  }

  /** Nothing can be read or written here; until `admit`, or another conversation. @param {Reason} reason */
  block(reason) {
    this.#blocked = "refused";
    this.#stage.block(reason);
    this.#composer.setClosed(true);
    this.#render();
  }

  /** What stood against it is gone. */
  admit() {
    if (this.#blocked !== "refused") return;
    this.#blocked = "";
    this.#composer.setClosed(false);
    this.#render();
  }

  /** Returns the message's id. @param {string} text @param {Chosen[]} [files] */
  send(text, files = []) {
    const first = !this.conversation.known && !this.#outbox.of(this.conversation.id).length;
    if (first) {
      keepDraft(this.#options.owner, null, "");
      keepFiles(this.#options.owner, null, []);
    }
    const id = this.conversation.send(text, files);
    if (first) this.#options.onBegin(this.conversation.id);
    this.#follow.toEnd();
    this.#focus();
    return id;
  }

  /** @param {ServerFrame} frame */
  receive(frame) {
    this.conversation.receive(frame);
    // A first message that waited here has begun another conversation, and the server follows that one now.
    const elsewhere = frame.type === "message" && frame.ref && frame.message.conversation !== this.conversation.id;
    if (elsewhere && frame.message.position <= 1) void this.conversation.sync();
    // It was deleted, and a message that waited here has begun it anew.
    if (frame.type === "message" && frame.message.conversation === this.conversation.id) this.admit();
    if (frame.type === "error" && frame.ref) this.#refused(frame.ref, frame);
    if (frame.type !== "conversation" || frame.conversation.id !== this.conversation.id) return;
    if ("deleted" in frame.conversation) return this.refuse();
    this.conversation.row = frame.conversation;
    this.#head();
    this.markRead();
  }

  /** What waits in the outbox has changed, or the connection has. @param {string} [conversation] */
  outboxChanged(conversation = this.conversation.id) {
    if (conversation === this.conversation.id) this.#render();
  }

  /** The reader sees the newest reply. */
  markRead() {
    const { row } = this.conversation;
    if (!row?.unreadMessagesCount || !this.#options.isSeen()) return;
    this.conversation.row = { ...row, unreadMessagesCount: 0 };
    const listed = this.#sidebar.row(row.id);
    if (listed) this.#sidebar.put({ ...listed, unreadMessagesCount: 0 });
    // If it fails, the next reply or visit says it again.
    this.#options.api.markRead(this.conversation.id).catch(() => undefined);
  }

  get row() {
    return this.#sidebar.row(this.conversation.id) ?? this.conversation.row;
  }

  get #speaker() {
    const id = this.row?.chatbot.id ?? this.#chatbot.id;
    const { name, documents } = this.#boot.chatbots.find((chatbot) => chatbot.id === id) ?? NOBODY;
    return { name: this.row?.chatbot.name || name, documents };
  }

  get #draftKey() {
    return this.conversation.known || this.#outbox.of(this.conversation.id).length ? this.conversation.id : null;
  }

  /** @param {string} id @param {string | null} chatbot */
  #begin(id, chatbot) {
    const mine = (/** @type {() => void} */ action) => () => this.conversation.id === id && action();
    return new OpenConversation({
      id,
      chatbot,
      api: this.#options.api,
      connection: this.#connection,
      outbox: this.#outbox,
      listener: {
        onChange: mine(() => this.#render()),
        onText: (message) => this.#grew(message),
        onStart: (message) => {
          this.announcer.begin(this.#speaker.name);
          this.#options.onReplyStart?.(message);
        },
        onPause: (pause) => this.announcer.say(pauseSentence(pause)),
        onEnd: (message) => {
          this.announcer.follow(message.content);
          this.announcer.end(outcomeSentence(message));
          this.#options.onReplyEnd?.(message);
        },
        onAnswer: (message) => {
          this.announcer.tell(this.#speaker.name, message.content);
          this.#options.onAnswer?.(message);
        },
        onProblem: (problem) => this.#cannotLoad(problem),
      },
    });
  }

  /** @param {OpenConversation} conversation */
  #turnTo(conversation) {
    this.conversation.leave();
    this.conversation = conversation;
    this.#blocked = "";
    this.#thread.clear();
    this.#composer.setClosed(false);
    this.#sidebar.setCurrent(conversation.id);
    const { owner } = this.#options;
    this.#composer.turnTo(readDraft(owner, this.#draftKey), readFiles(owner, this.#draftKey));
    this.#stage.greet(this.#chatbot);
    this.#render();
    this.#follow.toEnd();
    this.#focus();
  }

  focus() {
    this.#composer.focus();
  }

  /** To the composer; but a finger would only call up the keyboard with that. */
  #focus() {
    if (matchMedia("(hover: hover)").matches && this.#options.mayFocus()) this.#composer.focus();
  }

  #render() {
    const { transcript, loaded } = this.conversation;
    const stored = this.#blocked === "refused" ? [] : transcript.messages;
    const known = new Set(stored.map(({ id }) => id));
    const waiting = this.#outbox.of(this.conversation.id).filter(({ id }) => !known.has(id));
    const messages = [...stored, ...waiting.map(messageOf)];
    const deliveries = new Map(waiting.map((entry) => [entry.id, this.#delivery(entry)]));
    this.#follow.change(
      () => this.#thread.render(messages, (id) => deliveries.get(id) ?? null),
      () => this.#thread.firstBelow(this.#scroller.getBoundingClientRect().top),
    );
    this.#stage.show(this.#scene(messages.length > 0));
    this.#head();
    this.#running();
    if (loaded) this.markRead();
  }

  /** @param {boolean} full Whether there are messages to show: what was written here is shown in any case. */
  #scene(full) {
    const { loaded } = this.conversation;
    if (full) return "thread";
    if (this.#blocked === "refused" || (this.#blocked && !loaded)) return "blocked";
    return loaded ? "hello" : "bones";
  }

  /** @param {Entry} entry @returns {Delivery} */
  #delivery(entry) {
    const { problem } = entry;
    const progress = this.#outbox.progress(entry);
    if (progress !== null) return { state: "sending", progress };
    if (problem) return { state: passes(problem) ? "waiting" : "refused", problem };
    return { state: this.#connection.state === "ready" ? "sending" : "waiting" };
  }

  #head() {
    const { name } = this.#speaker;
    const begun = this.conversation.known || this.#outbox.of(this.conversation.id).length > 0;
    this.#options.header.show(begun ? this.row : null);
    this.#picker?.show(this.row?.chatbot.id ?? this.#chatbot.id, name, !begun);
    this.#composer.address(name);
  }

  #running() {
    const [reply] = this.conversation.transcript.open;
    this.#composer.setRunning({ running: reply !== undefined, stopping: reply?.reply?.stopRequested ?? false });
  }

  /** @param {Message} message */
  #grew(message) {
    this.#thread.grow(message.id);
    this.announcer.follow(message.content);
  }

  #stop() {
    const [running] = this.conversation.transcript.open;
    if (running?.reply) this.conversation.stop(running.reply.id);
  }

  /** @param {string} ref @param {Problem} problem */
  #refused(ref, problem) {
    const { messages } = this.conversation.transcript;
    const answer = messages.find(({ id, type, reply }) => type === "outgoing" && (reply?.id === ref || id === ref));
    const question = messages.find(({ id, type }) => id === ref && type === "incoming");
    const view = this.#thread.view(answer?.id ?? question?.reply?.message ?? "");
    if (view) showProblem(view.element, requestSentence(problem));
  }

  /** @param {Problem} problem */
  #cannotLoad(problem) {
    if (problem.code === "not_found") return this.refuse();
    this.#blocked = "unread";
    this.#stage.block({
      title: gettext("The messages could not be loaded"),
      text: requestSentence(problem),
      label: gettext("Try again"),
      action: () => {
        this.#blocked = "";
        this.#render();
        void this.conversation.sync();
      },
    });
  }
}

/** @type {Chatbot} */
const NOBODY = { id: "", name: "", greeting: "", starters: [], documents: 0 };
