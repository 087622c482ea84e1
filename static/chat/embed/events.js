// @ts-check
/** What the page around hears of the chat, in the shapes of the REST API. */

/** @import { Message, Problem, ServerFrame } from "../types.js" */
/** @import { Host } from "./host.js" */

export class Events {
  #host;
  /** @type {Map<string, unknown>} The documents that each running reply cites. */
  #documents = new Map();
  /** @type {Set<string>} */
  #begun = new Set();

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
  }

  /** @param {ServerFrame} frame @param {boolean} own Whether it is the answer to a message that was written here. */
  take(frame, own) {
    if (frame.type === "message" && own) this.#sent(frame.message);
    if (frame.type === "reply.citations") this.#documents.set(frame.reply, frame.citations ?? []);
    if (frame.type === "error") this.failed(frame);
  }

  /** @param {Message} message */
  replyStarted(message) {
    this.#host.tell("replyStart", { conversationId: message.conversation, messageId: message.id });
  }

  /** @param {Message} message */
  replyEnded(message) {
    const { reply, content } = message;
    if (reply?.error) this.failed(reply.error);
    if (!content) return;
    const citations = this.#documents.get(reply?.id ?? "");
    this.#documents.delete(reply?.id ?? "");
    this.#host.tell("messageReply", { ...shape(message), ...(citations ? { citations } : {}) });
  }

  /** Somebody of the team has written. @param {Message} message */
  answered(message) {
    this.#host.tell("messageReply", shape(message));
  }

  /** @param {Problem} problem */
  failed({ code, message }) {
    this.#host.tell("error", { code, message });
  }

  /** @param {Message} message */
  #sent(message) {
    const { conversation } = message;
    if (message.position <= 1 && !this.#begun.has(conversation)) {
      this.#begun.add(conversation);
      this.#host.tell("conversationCreated", { conversationId: conversation });
    }
    this.#host.tell("messageSend", shape(message));
  }
}

/** @param {Message} message @returns {Record<string, unknown>} */
function shape(message) {
  const { position: _position, reply: _reply, ...rest } = message;
  rest.citationNodes = rest.citationNodes.filter((node) => node.chatbotTextNode);
  const empty = { sender: null, contentPayload: null, attachments: [], citations: [], canvas: null, queryMetadata: null };
  return { ...empty, ...rest, conversationId: message.conversation };
}
