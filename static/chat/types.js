// @ts-check
/**
 * The shapes that the server sends: JSON of the page's views and frames of the socket. Types only.
 *
 * @typedef {object} Boot What the page is given to begin with.
 * @property {{id: string, name: string, email: string, isStaff: boolean}} user
 * @property {Chatbot[]} chatbots
 * @property {string | null} chatbot The one preselected for a new chat.
 * @property {Limits} limits
 * @property {string} language
 * @property {{admin: string, profile: string, logout: string}} urls
 *
 * @typedef {object} EmbedBoot The same for the page of a web chat.
 * @property {WebChat} webChat
 * @property {Chatbot} chatbot
 * @property {string} ticket
 * @property {string[]} allowedOrigins
 * @property {{fields: object[], consent: object | null} | null} form
 * @property {Limits} limits
 * @property {string} language
 * @property {boolean} identityEnforced
 *
 * @typedef {object} Limits
 * @property {number} messageBytes Of UTF-8.
 * @property {number | null} [messageCharacters] How many visitors may send at once.
 * @property {FileLimits | null} files Null: no files are taken here.
 *
 * @typedef {object} FileLimits
 * @property {number} bytes Of each.
 * @property {number} count Of one message.
 * @property {string[]} types What their names end with.
 *
 * @typedef {object} WebChat What its page shows of it.
 * @property {string} id
 * @property {string} name
 * @property {string} backUrl
 * @property {boolean} enableThemeModeToggle
 * @property {string} defaultThemeMode
 *
 * @typedef {{id: string, name: string, greeting: string, starters: Starter[], documents: number}} Chatbot
 * @typedef {{title: string, text: string}} Starter
 *
 * @typedef {object} Row A conversation in the sidebar. Times are milliseconds since 1970, as text.
 * @property {string} id
 * @property {string} title Empty: not titled yet.
 * @property {{id: string, name: string}} chatbot
 * @property {string | null} lastMessageCreatedAt
 * @property {string} createdAt
 * @property {number} unreadMessagesCount
 * @property {boolean} busy A reply is queued or running in it.
 *
 * @typedef {"queued" | "running" | "complete" | "stopped" | "interrupted" | "failed"} ReplyState
 *
 * @typedef {object} Reply One attempt to answer an incoming message.
 * @property {string} id
 * @property {string} message The outgoing message that holds its text.
 * @property {ReplyState} state
 * @property {number} attempt
 * @property {number} seq How far the text goes.
 * @property {ReplyError | null} error
 * @property {boolean} stopRequested
 * @property {{code: string, seconds: number} | null} [waiting] The model is asked again after it, as it arrived.
 * @property {Pause | null} [pause] The same by this browser's clock.
 *
 * @typedef {object} ReplyError
 * @property {string} code
 * @property {string} message
 * @property {boolean} retryable
 * @property {number} [retryAfter] In so many seconds the model wants to be asked again, when it arrived.
 * @property {number} [until] The same by this browser's clock.
 *
 * @typedef {{code: string, until: number}} Pause Why, and until when in milliseconds since 1970.
 *
 * @typedef {object} Message
 * @property {string} id
 * @property {string} conversation
 * @property {number} position Its place in the conversation; 0 while it is not known.
 * @property {"incoming" | "outgoing"} type
 * @property {string} content
 * @property {Feedback | null} feedback
 * @property {string} createdAt
 * @property {Attachment[]} attachments
 * @property {CitationNode[]} citationNodes
 * @property {Reply | null} reply
 *
 * @typedef {object} Attachment
 * @property {string} id
 * @property {string} type `image` for pictures.
 * @property {string} filename
 * @property {number} size Bytes.
 * @property {string} file A signed address; empty while the server does not have it.
 *
 * @typedef {{type: "like" | "dislike", suggestion: string}} Feedback
 *
 * @typedef {object} CitationNode A passage that the text cites as [number].
 * @property {number} number
 * @property {Passage} [chatbotTextNode] Not where the web chat shows no sources.
 *
 * @typedef {object} Passage
 * @property {string} id
 * @property {string} text
 * @property {string} filename
 * @property {string} [title]
 * @property {string} [heading]
 * @property {number | string | null} [pageNumber]
 *
 * @typedef {{code: string, message: string, retryAfter?: number}} Problem
 *
 * @typedef {{n: number} & (
 *   {type: "ready", token?: string}
 *   | {type: "visitor", token: string}
 *   | {type: "message", message: Message, ref?: string}
 *   | {type: "reply.started", reply: string, conversation: string, message: string, attempt: number}
 *   | {type: "reply.delta", reply: string, from: number, seq: number, text: string}
 *   | {type: "reply.snapshot", reply: string, seq: number, text: string}
 *   | {type: "reply.citations", reply: string, seq: number, citations?: unknown[], citationNodes: CitationNode[]}
 *   | {type: "reply.waiting", reply: string, seq: number, seconds: number, code: string}
 *   | EndedFrame
 *   | {type: "conversation", conversation: Row | {id: string, deleted: true}}
 *   | {type: "restarting"}
 *   | ({type: "error", ref?: string} & Problem)
 *   | {type: "pong"}
 * )} ServerFrame
 *
 * @typedef {object} EndedFrame
 * @property {"reply.ended"} type
 * @property {string} reply
 * @property {number} seq
 * @property {ReplyState} status
 * @property {number} length Code points of the whole text.
 * @property {ReplyError} [error]
 * @property {string} message
 *
 * @typedef {object} HelloFrame Without a ticket the session's cookie says who speaks.
 * @property {"hello"} type
 * @property {1} protocol
 * @property {string} [ticket] The page's, for visitors.
 * @property {string} [site] The origin of the page around the chat; empty for a page of its own.
 * @property {string} [token] The visitor's, once the server knows them.
 * @property {string} [contactId]
 * @property {string} [identity] A signed one.
 *
 * @typedef {object} Profile What a visitor says of themselves before the chat.
 * @property {string} [name]
 * @property {string} [email]
 * @property {Record<string, string | boolean>} [fields]
 * @property {true} [consent]
 *
 * @typedef {HelloFrame
 *   | {type: "open", conversation: string, reply?: string, after?: number}
 *   | {type: "send", id: string, conversation: string, chatbot?: string, content: string,
 *      attachments?: string[], profile?: Profile, queryMetadata?: Record<string, unknown>}
 *   | {type: "stop", reply: string}
 *   | {type: "retry", message: string}
 *   | {type: "ack", n: number}
 *   | {type: "ping"}} ClientFrame
 */

export {};
