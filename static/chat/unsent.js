// @ts-check
/** What waits in the outbox, in the shapes of what is stored. */

/** @import { Entry } from "./outbox.js" */
/** @import { Message, Row } from "./types.js" */

/** @param {Entry} entry @returns {Message} */
export function messageOf({ id, conversation, content, createdAt }) {
  return {
    id,
    conversation,
    content,
    position: 0,
    type: "incoming",
    feedback: null,
    createdAt: String(createdAt),
    citationNodes: [],
    reply: null,
  };
}

/** A conversation of which the server knows nothing yet. @param {Entry} entry Its first message. @returns {Row} */
export function rowOf({ conversation, chatbot, content, createdAt }) {
  return {
    id: conversation,
    title: content.split("\n", 1)[0]?.slice(0, 60) ?? "",
    chatbot: { id: chatbot ?? "", name: "" },
    lastMessageCreatedAt: String(createdAt),
    createdAt: String(createdAt),
    unreadMessagesCount: 0,
    busy: false,
  };
}
