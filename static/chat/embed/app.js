// @ts-check
/** The embedded chat begins here: the parts of the chat page, connected for a visitor instead of a member. */

import { Banner } from "../banner.js";
import { problemOf } from "../conversation.js";
import { closeDialogsFromOutside, confirmDeletion } from "../dialogs.js";
import { find } from "../dom.js";
import { forgetDrafts } from "../drafts.js";
import { refusalSentence, requestSentence } from "../errors.js";
import { Outbox, passes } from "../outbox.js";
import { Page } from "../page.js";
import { Sidebar } from "../sidebar.js";
import { Connection } from "../socket.js";
import { attachmentsOf, rowOf } from "../unsent.js";
import { Uploads } from "../uploads.js";
import { VisitorApi } from "./api.js";
import { Events } from "./events.js";
import { Form } from "./form.js";
import { Header } from "./header.js";
import { Host, Refusal } from "./host.js";
import { Keeping } from "./keeping.js";
import { Look } from "./look.js";
import { Panel } from "./panel.js";
import { LOADED } from "./protocol.js";
import { Sendings } from "./sendings.js";
import { Visitor } from "./visitor.js";

/** @import { Entry } from "../outbox.js" */
/** @import { ConnectionState, Ending } from "../socket.js" */
/** @import { EmbedBoot, Problem, ServerFrame } from "../types.js" */
/** @import { Upload } from "../uploads.js" */

/** What is said of messages while the connection has ended. @type {Partial<Record<Ending, string>>} */
const ENDED = {
  closed: "closed",
  unidentified: "identity_required",
  elsewhere: "frame_refused",
};

/** @type {EmbedBoot} */
const boot = JSON.parse(find("#boot").textContent ?? "");

/** Why there is no connection any more. @type {Ending | undefined} */
let ended;
const host = new Host(boot.allowedOrigins);
const meeting = host.meet();
// What is kept here is kept for the site; where the browser does not name it, the site has to.
if (host.site === undefined) await meeting;

const keeping = new Keeping(boot.webChat.id, host.site ?? "");
const visitor = new Visitor(keeping, host, boot.ticket);
const api = new VisitorApi(boot.webChat.id, visitor);
const events = new Events(host);
const look = new Look(boot.webChat);
const connection = new Connection({
  onFrame: received,
  onState: connected,
  hello: async () => {
    catchUp();
    await visitor.signed();
    return visitor.hello();
  },
  renew: async () => {
    const ticket = await api.renewTicket(visitor.ticket);
    if (ticket === null) return false;
    visitor.ticket = ticket;
    await keeping.refresh();
    catchUp();
    await visitor.signedAnew();
    return true;
  },
});
const outbox = new Outbox({
  user: keeping.owner,
  uploads: new Uploads({ user: keeping.owner, upload }),
  isOpen: () => connection.state === "ready" && !asksFirst(),
  send: deliver,
  restart: () => connection.restart(),
  onChange: (conversation) => page.outboxChanged(conversation),
});
const sendings = new Sendings();
const form = new Form(answered);
const panel = new Panel(() => page.focus());
const sidebar = new Sidebar({ api, onOpen: open });
const header = new Header({
  onNewChat: newChat,
  onHistory: () => panel.open(),
  onClear: () =>
    confirmDeletion({
      question: gettext("Clear your conversations here?"),
      remove: clear,
      explain: (error) => requestSentence(problemOf(error)),
    }),
  onClose: () => host.close(),
});
const page = new Page({
  owner: keeping.owner,
  boot: { chatbots: [boot.chatbot], chatbot: boot.chatbot.id, limits: boot.limits },
  api,
  connection,
  outbox,
  sidebar,
  header,
  isSeen: () => host.opened && document.visibilityState === "visible",
  // A frame that somebody scrolls past must not take the keys away from the page around it.
  mayFocus: () => parent === window || document.hasFocus(),
  onBegin: begun,
  onNewChat: newChat,
  onReplyStart: (message) => events.replyStarted(message),
  onReplyEnd: (message) => events.replyEnded(message),
  onAnswer: (message) => events.answered(message),
});
const banner = new Banner({
  onRetry: () => connection.retryNow(),
  onReturn: () => page.announcer.say(gettext("Connected again.")),
});

/** @param {Entry} entry */
function deliver({ id, conversation, content, files }) {
  const profile = visitor.token ? null : form.profile;
  const { queryMetadata } = host.config;
  const about = { ...(profile ? { profile } : {}), ...(queryMetadata ? { queryMetadata } : {}) };
  if (!connection.send({ type: "send", id, conversation, content, ...attachmentsOf(files), ...about })) return false;
  visitor.writes();
  return true;
}

/** @type {Upload} */
function upload(file, options) {
  visitor.writes();
  return api.upload(file, options);
}

/** @param {ServerFrame} frame */
function received(frame) {
  if (frame.type === "ready") return admitted(frame.token);
  if (frame.type === "visitor") return known(frame.token);
  if (frame.type === "error" && refused(frame)) return;
  if (frame.type === "conversation") {
    if ("deleted" in frame.conversation) sidebar.remove(frame.conversation.id);
    else sidebar.put(frame.conversation);
  }
  page.receive(frame);
  if (frame.type === "message") outbox.settle(frame.ref ?? frame.message.id);
  const own = frame.type === "message" && frame.ref !== undefined && frame.message.type === "incoming";
  events.take(frame, own);
  if (own) sendings.done(frame.message);
  tellUnread();
}

/** @param {string | null | undefined} first */
function admitted(first) {
  const before = visitor.token;
  visitor.admitted(first);
  if (before && !visitor.token) beginAnew();
}

/** @param {string} token */
function known(token) {
  const before = visitor.token;
  visitor.known(token);
  // Somebody of whom the site has signed who they are may have written here before.
  if (!before) void sidebar.refresh().then(showUnsent);
  const resumed = visitor.resumed();
  if (resumed) open(resumed);
  showForm();
}

/** True: it has been dealt with. @param {{ref?: string} & Problem} problem */
function refused(problem) {
  const { code, ref } = problem;
  if (code === "token_refused") return true; // a new visitor has been made already
  if (code === "identity_refused" || code === "identity_required") unidentified(problem);
  if (!ref || !outbox.refuse(ref, problem)) return false;
  events.failed(problem);
  if (!passes(problem)) sendings.failed(ref, { code, message: refusalSentence(problem) });
  // Before their first message is stored, what is wrong may be what they said of themselves.
  if (code === "bad_request" && boot.form && !visitor.token) {
    form.refuse(problem.message, () => outbox.retry(ref));
    showForm();
  }
  return true;
}

/** @param {Problem} problem */
function unidentified(problem) {
  events.failed(problem);
  visitor.askWho();
  const again = problem.code === "identity_refused" && visitor.distrusted();
  if (connection.state === "ready") return;
  if (again) connection.restart();
  else {
    const action = () => connection.restart();
    page.block({ title: requestSentence(problem), text: "", label: gettext("Try again"), action });
  }
}

/** @param {ConnectionState} state @param {Ending} [ending] */
function connected(state, ending) {
  ended = ending;
  if (ending !== "unidentified") banner.show(state, ending);
  if (state === "ready") {
    page.admit();
    void sidebar.refresh().then(showUnsent);
    void page.conversation.sync();
    outbox.flush();
  } else {
    outbox.disconnected();
  }
  page.outboxChanged();
  showProspect();
}

/** Conversations that exist only here so far. */
function showUnsent() {
  for (const entry of outbox.firsts) sidebar.put(rowOf(entry));
  tellUnread();
}

function tellUnread() {
  host.unread(host.opened ? 0 : sidebar.unread);
}

/** @param {string} id */
function open(id) {
  visitor.conversation = id;
  page.open(id);
  panel.close();
}

function newChat() {
  visitor.conversation = undefined;
  page.newChat();
  panel.close();
}

/** @param {string} id */
function begun(id) {
  visitor.conversation = id;
  showUnsent();
  sidebar.setCurrent(id);
}

/** Is there something to be asked before the first message? */
function asksFirst() {
  return !visitor.token && form.isWanted;
}

function showForm() {
  form.show(asksFirst());
  showProspect();
}

/** What whoever is here may expect. */
function showProspect() {
  const stranger = boot.identityEnforced && !visitor.token && connection.state !== "ready";
  header.tell(ended ?? (stranger ? "unidentified" : asksFirst() ? "form" : "usual"));
}

/** The form is filled in. */
function answered() {
  showForm();
  page.focus();
  outbox.flush();
}

async function clear() {
  await api.clear();
  forget();
}

/** What was written here is no longer for whoever is here now. */
function forget() {
  outbox.discardEverything();
  forgetDrafts(keeping.owner);
  // Also what stands in the field: it may be there from before anything was open, or brought back by the browser.
  /** @type {HTMLFormElement} */ (find("#composer")).reset();
  beginAnew();
}

/** Somebody else is here. */
function change() {
  form.forget();
  forget();
}

/** Another tab may have been told who is here. True: it has. */
function catchUp() {
  const another = visitor.overtaken();
  if (another === undefined) return false;
  if (another) change();
  form.know(visitor.claims);
  showForm();
  return true;
}

function beginAnew() {
  newChat();
  void sidebar.startAnew();
  showForm();
}

/** @param {string} content */
function send(content) {
  if (!ended) return sendings.wait(page.send(content));
  const code = ENDED[ended] ?? "forbidden";
  throw new Refusal({ code, message: requestSentence({ code, message: "" }) });
}

/** @param {string} token Empty: nobody is logged in on the site. */
function identify(token) {
  if (visitor.identify(token)) change();
  form.know(visitor.claims);
  showForm();
}

/** What the page around can do. */
const orders = {
  shown: () => {
    page.markRead();
    tellUnread();
  },
  send: async (/** @type {string} */ content) => send(content),
  clearHistory: async () => {
    try {
      await clear();
    } catch (error) {
      const problem = problemOf(error);
      throw new Refusal({ code: problem.code, message: requestSentence(problem) });
    }
  },
  newConversation: async () => newChat(),
  lang: (/** @type {string} */ code) => look.speak(code),
  identity: (/** @type {string | null} */ token) => {
    const said = token ?? "";
    if (visitor.isPast(said) || (visitor.isSaid(said) && connection.state === "ready")) return;
    const { isAwaited } = visitor;
    identify(said);
    if (!isAwaited) connection.restart();
  },
  focus: () => (asksFirst() ? form.focus() : page.focus()),
};

function begin() {
  if (visitor.conversation) page.open(visitor.conversation);
  else page.newChat();
  showForm();
}

// Without a loader nobody says anything that would change what is shown now.
const loaded = window.name === LOADED;
if (!loaded) begin();
await meeting;
if (host.connected) {
  const { identity, theme, lang } = host.config;
  await keeping.connect(host);
  if (!host.config.inline) header.offerClosing();
  look.suggest(theme);
  if (lang) look.speak(lang);
  if (visitor.named()) change();
  if (identity !== undefined) identify(identity);
}
if (loaded || (visitor.conversation && visitor.conversation !== page.conversation.id)) begin();
closeDialogsFromOutside();
addEventListener("online", () => connection.retryNow());
addEventListener("offline", () => connection.probe());
addEventListener("pageshow", ({ persisted }) => persisted && connection.probe());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  if (catchUp()) connection.restart();
  connection.retryNow();
  connection.probe();
  page.markRead();
});
keeping.watch(() => catchUp() && connection.restart());
connection.connect();
host.serve(orders);
