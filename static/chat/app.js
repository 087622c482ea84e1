// @ts-check
/** Begins here: makes the parts and connects them. */

import { wireAccount } from "./account.js";
import { memberApi } from "./api.js";
import { ConversationMenu } from "./conversationmenu.js";
import { closeDialogsFromOutside } from "./dialogs.js";
import { find } from "./dom.js";
import { Banner } from "./banner.js";
import { Drawer } from "./drawer.js";
import { Header } from "./header.js";
import { Outbox } from "./outbox.js";
import { Page } from "./page.js";
import { wireShortcuts } from "./shortcuts.js";
import { Sidebar } from "./sidebar.js";
import { Connection } from "./socket.js";
import { attachmentsOf, rowOf } from "./unsent.js";
import { Uploads } from "./uploads.js";

/** @import { ConnectionState, Ending } from "./socket.js" */
/** @import { Boot, ServerFrame } from "./types.js" */

/** @type {Boot} */
const boot = JSON.parse(find("#boot").textContent ?? "");

const api = memberApi();
const connection = new Connection({ onFrame: received, onState: connected });
const outbox = new Outbox({
  user: boot.user.id,
  uploads: new Uploads({ user: boot.user.id, upload: (file, options) => api.upload(file, options) }),
  isOpen: () => connection.state === "ready",
  send: ({ id, conversation, chatbot, content, files }) =>
    connection.send({ type: "send", id, conversation, content, ...(chatbot ? { chatbot } : {}), ...attachmentsOf(files) }),
  restart: () => connection.restart(),
  onChange: (conversation) => page.outboxChanged(conversation),
});
const drawer = new Drawer();
const sidebar = new Sidebar({
  api,
  onOpen: open,
  onMenu: (row, label, button) => menu.toggle(row, label, button),
});
const header = new Header();
const page = new Page({
  owner: boot.user.id,
  boot,
  api,
  connection,
  outbox,
  sidebar,
  header,
  isSeen: () => document.visibilityState === "visible",
  mayFocus: () => true,
  onBegin: begun,
  onNewChat: newChat,
});
const menu = new ConversationMenu({
  api,
  onRenamed: (row) => sidebar.put(row),
  onDeleted: (id) => {
    sidebar.remove(id);
    outbox.discardAll(id);
    if (id === page.conversation.id) newChat();
  },
});
const banner = new Banner({
  onRetry: () => connection.retryNow(),
  onReturn: () => page.announcer.say(gettext("Connected again.")),
});

/** @param {ServerFrame} frame */
function received(frame) {
  if (frame.type === "conversation") {
    if ("deleted" in frame.conversation) sidebar.remove(frame.conversation.id);
    else sidebar.put(frame.conversation);
  }
  if (frame.type === "error" && frame.ref && outbox.refuse(frame.ref, frame)) return;
  page.receive(frame);
  if (frame.type === "message") outbox.settle(frame.ref ?? frame.message.id);
}

/** @param {ConnectionState} state @param {Ending} [ending] */
function connected(state, ending) {
  banner.show(state, ending);
  if (state === "ready") {
    void sidebar.refresh().then(showUnsent);
    void page.conversation.sync();
    outbox.flush();
  } else {
    outbox.disconnected();
  }
  page.outboxChanged();
}

/** Conversations that exist only here so far. */
function showUnsent() {
  for (const entry of outbox.firsts) sidebar.put(rowOf(entry));
}

/** @param {string} id */
function open(id) {
  drawer.closeIfOver();
  if (id !== page.conversation.id) history.pushState(null, "", `/c/${id}`);
  page.open(id);
}

function newChat() {
  drawer.closeIfOver();
  if (location.pathname !== "/") history.pushState(null, "", "/");
  page.newChat();
}

/** @param {string} id */
function begun(id) {
  history.replaceState(null, "", `/c/${id}`);
  showUnsent();
  sidebar.setCurrent(id);
}

/** The conversation that an address names. */
function addressed() {
  return /^\/c\/([0-9a-f-]{36})$/.exec(location.pathname)?.[1] ?? null;
}

function follow() {
  const id = addressed();
  if (id) page.open(id);
  else page.newChat();
}

for (const control of document.querySelectorAll("[data-new-chat]")) {
  control.addEventListener("click", (event) => {
    const { metaKey, ctrlKey, shiftKey, altKey } = /** @type {MouseEvent} */ (event);
    if (metaKey || ctrlKey || shiftKey || altKey) return;
    event.preventDefault();
    newChat();
  });
}
const { title, more } = header;
title.addEventListener("click", () => page.row && menu.rename(page.row, title));
more.addEventListener("click", () => page.row && menu.toggle(page.row, title, more));

wireAccount();
wireShortcuts({
  onNewChat: newChat,
  onSearch: () => {
    drawer.open();
    sidebar.focusSearch();
  },
});
closeDialogsFromOutside();
addEventListener("popstate", follow);
addEventListener("online", () => connection.retryNow());
addEventListener("offline", () => connection.probe());
addEventListener("pageshow", ({ persisted }) => persisted && connection.probe());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  connection.retryNow();
  connection.probe();
  page.markRead();
});

// Also one that the server did not know when the page was asked for: it may exist only in the outbox, or have
// been stored since.
follow();
connection.connect();
