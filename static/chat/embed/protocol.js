// @ts-check
/**
 * What the embedded chat and the page around it say to each other: protocol 1 (docs/embed-protocol.md; the same as a
 * JSON Schema in docs/embed-protocol.schema.json).
 *
 * The frame says `hello` to its parent, the loader answers with `connect` and one end of a MessageChannel, and from
 * then on both speak through that channel alone. Both sides check who spoke, where it came from and what was said:
 * a message of another kind or with a field of another type is dropped, fields that nobody knows are ignored.
 *
 * `id` names a call, and `done` its end.
 *
 * The loader's half runs in pages whose globals somebody else has changed: here nothing is read from a prototype.
 *
 * @typedef {object} Config What the host page has set.
 * @property {boolean} opened Whether the visitor sees the frame.
 * @property {boolean} [inline] It stands in the page: nothing opens or closes it.
 * @property {string} [lang]
 * @property {string} [contactId]
 * @property {string} [identity] A signed identity.
 * @property {Record<string, unknown>} [queryMetadata]
 * @property {"light" | "dark"} [theme]
 *
 * @typedef {"messageSend" | "replyStart" | "messageReply" | "conversationCreated" | "error"} EventName
 * @typedef {{code: string, message: string}} Failure
 *
 * @typedef {{type: "hello"}} Hello
 * @typedef {{type: "connect", config: Config}} Connect
 *
 * @typedef {{type: "shown", opened: boolean}
 *   | {type: "send", id: string, content: string}
 *   | {type: "clearHistory", id: string}
 *   | {type: "newConversation", id: string}
 *   | {type: "lang", code: string}
 *   | {type: "identity", token: string | null}
 *   | {type: "stored", value: string | null}
 *   | {type: "focus"}} ToFrame
 *
 * @typedef {{type: "ready"}
 *   | {type: "done", id: string, result?: unknown, error?: Failure}
 *   | {type: "close"}
 *   | {type: "unread", count: number}
 *   | {type: "event", name: EventName, detail: Record<string, unknown>}
 *   | {type: "load"}
 *   | {type: "store", value: string | null}
 *   | {type: "identityWanted"}} ToHost
 */

/** @typedef {(value: unknown) => boolean} Check */
/** @typedef {{[name: string]: Check}} Fields */
/** @typedef {{[type: string]: Fields}} Messages */

export const PROTOCOL = 1;
/** The name of a frame that a loader made: it may wait for an answer, because one will come. */
export const LOADED = "parley-loaded";

/** @type {Check} */
const text = (value) => typeof value === "string";
/** @type {Check} */
const flag = (value) => typeof value === "boolean";
/** @type {Check} */
const count = (value) => typeof value === "number" && value >= 0 && value % 1 === 0;
/** @type {Check} */
const textOrNull = (value) => value === null || text(value);
/** @type {Check} */
export const object = (value) => typeof value === "object" && !!value && !isArray(value);
/** @type {Check} */
const anything = () => true;
/** @param {...string} values @returns {Check} */
/* @__NO_SIDE_EFFECTS__ */ const oneOf = (...values) => (value) => values.indexOf(/** @type {string} */ (value)) >= 0;
/** @param {Check} check @returns {Check} */
/* @__NO_SIDE_EFFECTS__ */ const optional = (check) => (value) => value === undefined || check(value);
/** @param {Fields} fields @returns {Check} */
/* @__NO_SIDE_EFFECTS__ */ const holds = (fields) => (value) => !!picked(fields, value);

/** Taken now: the page may put something else in its place. */
const { isArray } = Array;
const { keys, hasOwn, create } = Object;

/** @type {Fields} */
const CONFIG = {
  opened: flag,
  inline: optional(flag),
  lang: optional(text),
  contactId: optional(text),
  identity: optional(text),
  queryMetadata: optional(object),
  theme: optional(oneOf("light", "dark")),
};

/** @type {Messages} */
const HELLO = { hello: {} };

/** @type {Messages} */
const CONNECT = { connect: { config: holds(CONFIG) } };

/** @type {Messages} */
export const TO_FRAME = {
  shown: { opened: flag },
  send: { id: text, content: text },
  clearHistory: { id: text },
  newConversation: { id: text },
  lang: { code: text },
  identity: { token: textOrNull },
  stored: { value: textOrNull },
  focus: {},
};

/** @type {Messages} */
export const TO_HOST = {
  ready: {},
  done: {
    id: text,
    result: anything,
    error: optional(holds({ code: text, message: text })),
  },
  close: {},
  unread: { count },
  event: {
    name: oneOf("messageSend", "replyStart", "messageReply", "conversationCreated", "error"),
    detail: object,
  },
  load: {},
  store: { value: textOrNull },
  identityWanted: {},
};

/**
 * The fields of a message that are known, in an object without a prototype; null if one of them is not as it has to be.
 *
 * @param {Fields} fields @param {unknown} value
 * @returns {Record<string, unknown> | null}
 */
function picked(fields, value) {
  if (!object(value)) return null;
  const given = /** @type {Record<string, unknown>} */ (value);
  /** @type {Record<string, unknown>} */
  const found = create(null);
  for (const name of keys(fields)) {
    if (hasOwn(given, name)) found[name] = given[name];
    if (!fields[name]?.(found[name])) return null;
  }
  return found;
}

/**
 * A message of one of these kinds, or null for anything else.
 *
 * @template T
 * @param {Messages} messages @param {unknown} data
 * @returns {T | null}
 */
export function read(messages, data) {
  const kind = object(data) && hasOwn(/** @type {object} */ (data), "type") && /** @type {any} */ (data).type;
  const fields = text(kind) && hasOwn(messages, kind) && messages[kind];
  const found = fields && picked(fields, data);
  if (!found) return null;
  found.type = kind;
  return /** @type {T} */ (found);
}

/**
 * The same for what comes through `window.postMessage`, which names its protocol.
 *
 * @param {Messages} messages @param {unknown} data
 * @returns {any}
 */
function readPublic(messages, data) {
  const ours = object(data) && hasOwn(/** @type {object} */ (data), "parley");
  return ours && /** @type {any} */ (data).parley === PROTOCOL ? read(messages, data) : null;
}

/** @param {unknown} data @returns {Hello | null} */
export const readHello = (data) => readPublic(HELLO, data);
/** @param {unknown} data @returns {Connect | null} */
export const readConnect = (data) => readPublic(CONNECT, data);

/**
 * @template Out
 * @typedef {object} Line One end of the channel.
 * @property {(message: Out) => void} post
 * @property {() => void} close
 */

/**
 * @template In, Out
 * @param {MessagePort} port
 * @param {Messages} incoming Which messages are read; all others are dropped.
 * @param {(message: In) => void} receive
 * @returns {Line<Out>}
 */
function line(port, incoming, receive) {
  port.onmessage = ({ data }) => {
    const message = /** @type {In | null} */ (read(incoming, data));
    if (message) receive(message);
  };
  return { post: (message) => port.postMessage(message), close: () => port.close() };
}

/**
 * The loader's side: answer each hello of this frame, from this origin and no other. A frame that is loaded again says
 * hello again, and gets a new channel. Returns what ends it.
 *
 * @param {HTMLIFrameElement} frame
 * @param {string} origin Where its page comes from.
 * @param {(open: (config: Config) => Line<ToFrame>) => void} connect Called at each hello; `open` answers it.
 * @param {(message: ToHost) => void} receive
 */
export function answerFrame(frame, origin, connect, receive) {
  /** @type {Line<ToFrame> | null} */
  let current = null;
  /** @param {MessageEvent} event */
  const hear = (event) => {
    const speaker = frame.contentWindow;
    if (!speaker || event.source !== speaker || event.origin !== origin || !readHello(event.data)) return;
    current?.close();
    connect((config) => {
      const { port1, port2 } = new MessageChannel();
      current = line(port1, TO_HOST, receive);
      speaker.postMessage({ parley: PROTOCOL, type: "connect", config }, origin, [port2]);
      return current;
    });
  };
  window.addEventListener("message", hear);
  return () => {
    window.removeEventListener("message", hear);
    current?.close();
  };
}

/**
 * The frame's side: say hello and wait for a loader that may embed it. Null when there is none: a frame that the site
 * wrote itself, or a full page.
 *
 * @param {(origin: string) => boolean} allowed
 * @param {(message: ToFrame) => void} receive
 * @param {number} [patience] Milliseconds; a frame that a loader made waits longer, for a page that is busy.
 * @returns {Promise<{site: string, config: Config, line: Line<ToHost>} | null>}
 */
export function callHost(allowed, receive, patience = window.name === LOADED ? 30_000 : 1000) {
  if (window.parent === window) return Promise.resolve(null);
  return new Promise((resolve) => {
    /** @param {Awaited<ReturnType<typeof callHost>>} result */
    const end = (result) => {
      clearTimeout(timer);
      window.removeEventListener("message", hear);
      resolve(result);
    };
    /** @param {MessageEvent} event */
    const hear = (event) => {
      const [port] = event.ports;
      if (event.source !== window.parent || !port) return;
      const answer = allowed(event.origin) && readConnect(event.data);
      if (answer) end({ site: event.origin, config: answer.config, line: line(port, TO_FRAME, receive) });
    };
    const timer = setTimeout(() => end(null), patience);
    window.addEventListener("message", hear);
    window.parent.postMessage({ parley: PROTOCOL, type: "hello" }, "*");
  });
}

/**
 * Is the origin in a web chat's list of allowed ones, as browsers read `frame-ancestors`? An entry is an origin, `*`, or
 * an origin with `*.` for all sub-domains or with `:*` for all ports; what may come over http may come over https.
 *
 * @param {string} origin @param {readonly string[]} list
 */
export function inList(origin, list) {
  return list.some((entry) => {
    if (entry === "*") return origin !== "null";
    const pattern = entry
      .replace(/^(https:.*):443$|^(http:.*):80$/, "$1$2") // no origin names its usual port
      .replace(/[.[\]]/g, "\\$&")
      .replace("://*", "://[^/:]+")
      .replace(/:\*$/, "(:\\d+)?")
      .replace(/^http:/, "https?:");
    return new RegExp(`^${pattern}$`).test(origin);
  });
}

/** The site around a frame to which no loader answered; empty for a full page. */
export function siteWithoutLoader() {
  if (window.parent === window) return "";
  const nearest = location.ancestorOrigins?.[0] ?? document.referrer;
  return URL.canParse(nearest) ? new URL(nearest).origin : "";
}
