// @ts-check
/** What waits in the outbox, in the shapes of what is stored. */

/** @import { Entry } from "./outbox.js" */
/** @import { Attachment, Message, Row } from "./types.js" */
/** @import { Part } from "./uploads.js" */

/** @param {Entry} entry @returns {Message} */
export function messageOf({ id, conversation, content, files = [], createdAt }) {
  return {
    id,
    conversation,
    content,
    position: 0,
    type: "incoming",
    feedback: null,
    createdAt: String(createdAt),
    attachments: files.map(attachmentOf),
    citationNodes: [],
    reply: null,
  };
}

/** What a frame says of a message's files. @param {Part[]} [files] @returns {{attachments?: string[]}} */
export function attachmentsOf(files) {
  return files ? { attachments: files.map(({ attachment }) => attachment ?? "") } : {};
}

/** @param {Part} part @returns {Attachment} */
function attachmentOf({ id, attachment, name, type, size }) {
  return { id: attachment ?? id, type: type.startsWith("image/") ? "image" : "other", filename: name, size, file: "" };
}

/** A conversation of which the server knows nothing yet. @param {Entry} entry Its first message. @returns {Row} */
export function rowOf({ conversation, chatbot, content, files, createdAt }) {
  return {
    id: conversation,
    title: (content || (files?.[0]?.name ?? "")).split("\n", 1)[0]?.slice(0, 60) ?? "",
    chatbot: { id: chatbot ?? "", name: "" },
    lastMessageCreatedAt: String(createdAt),
    createdAt: String(createdAt),
    unreadMessagesCount: 0,
    busy: false,
  };
}
