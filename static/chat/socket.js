// @ts-check
/**
 * The connection of this tab: says hello, acknowledges what it reads, notices a dead line and comes back by itself.
 */

import { read, write } from "./storage.js";

/** @import { ClientFrame, HelloFrame, ServerFrame } from "./types.js" */

/**
 * `lost`: away, and trying to come back. `ended`: it will not come back by itself (see `Ending`).
 *
 * @typedef {"connecting" | "ready" | "lost" | "ended"} ConnectionState
 * @typedef {"signed_out" | "closed" | "unidentified" | "elsewhere" | "outdated"} Ending
 *
 * @typedef {object} ConnectionOptions
 * @property {(frame: ServerFrame) => void} onFrame
 * @property {(state: ConnectionState, ending?: Ending) => void} onState
 * @property {() => Promise<Omit<HelloFrame, "type" | "protocol">>} [hello] Who speaks, if the session's cookie does not
 *   say it; within two seconds.
 * @property {() => Promise<boolean>} [renew] The server takes that no longer. True: try once with what is new.
 */

const SIGNED_OUT = 4001;
const WRONG_PROTOCOL = 4003;
const NOT_IDENTIFIED = 4005;
const NOT_HERE = 4006;

const PING_EVERY = 15_000;
const PONG_WITHIN = 10_000;
const ACK_BYTES = 32 * 1024;
const ACK_AFTER = 1000;
const STEADY = 5000;
const QUICK_TRIES = 20;
const LONGEST_PAUSE = 30_000;
const RELOADED = "parley.reloaded";

const encoder = new TextEncoder();

export class Connection {
  /** @type {ConnectionState} */
  state = "connecting";
  /** Counts the connections, so that one can tell whether it is still the same. */
  generation = 0;

  /** @type {WebSocket | null} */
  #socket = null;
  #options;
  #attempts = 0;
  /** How many of them found a server, which then sent us away or was lost. */
  #met = 0;
  #readySince = 0;
  #restarting = false;
  #renewed = false;
  #retryTimer = 0;
  #pingTimer = 0;
  #pongTimer = 0;
  #acks = new Acknowledgements((n) => this.send({ type: "ack", n }));

  /** @param {ConnectionOptions} options */
  constructor(options) {
    this.#options = options;
  }

  connect() {
    clearTimeout(this.#retryTimer);
    this.generation += 1;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/chat/`);
    this.#socket = socket;
    socket.onopen = () => {
      if (socket === this.#socket) this.#met += 1;
      void this.#hello(socket);
    };
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.#socket) this.#closed(event.code);
    };
    this.#expectNews();
  }

  /** False: there is no connection, and nothing was sent. @param {ClientFrame} frame */
  send(frame) {
    if (this.state !== "ready" || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Come back now, rather than at the end of the pause. */
  retryNow() {
    if (this.state !== "lost" || this.#socket?.readyState === WebSocket.CONNECTING) return;
    this.connect();
  }

  /** Say hello again: who speaks has changed. */
  restart() {
    const socket = this.#socket;
    if (!socket) return this.state === "ended" ? this.connect() : this.retryNow();
    this.#closed(0);
    socket.close();
    this.connect();
  }

  /** Ask whether the line is alive; without an answer it is given up. */
  probe() {
    if (this.send({ type: "ping" })) this.#expectNews();
  }

  /** @param {WebSocket} socket */
  async #hello(socket) {
    /** @type {HelloFrame} */
    const frame = { type: "hello", protocol: 1, ...(await this.#options.hello?.()) };
    if (socket === this.#socket) socket.send(JSON.stringify(frame));
  }

  /** @param {string} data */
  #receive(data) {
    clearTimeout(this.#pongTimer);
    this.#pongTimer = 0;
    /** @type {ServerFrame} */
    const frame = JSON.parse(data);
    this.#acks.received(frame.n, encoder.encode(data).length);
    if (frame.type === "restarting") this.#restarting = true;
    this.#options.onFrame(frame);
    // Then, so that who has been let in is known to those who go on from there.
    if (frame.type === "ready") this.#ready();
  }

  #ready() {
    this.#readySince = Date.now();
    this.#restarting = this.#renewed = false;
    this.#pingTimer = setInterval(() => this.probe(), PING_EVERY);
    write("sessionStorage", RELOADED, null);
    this.#enter("ready");
  }

  #expectNews() {
    if (this.#pongTimer) return;
    const socket = this.#socket;
    this.#pongTimer = setTimeout(() => {
      if (socket !== this.#socket) return;
      // A dead line may take minutes to close: what it still says is no longer heard.
      this.#closed(0);
      socket?.close();
    }, PONG_WITHIN);
  }

  /** @param {number} code */
  #closed(code) {
    this.#socket = null;
    clearInterval(this.#pingTimer);
    clearTimeout(this.#pongTimer);
    this.#pongTimer = 0;
    this.#acks.reset();
    if (code === SIGNED_OUT) return void this.#refused();
    this.#renewed = false;
    if (code === NOT_IDENTIFIED) return this.#enter("ended", "unidentified");
    if (code === NOT_HERE) return this.#enter("ended", "elsewhere");
    if (code === WRONG_PROTOCOL) return this.#reloadOnce();
    if (this.state === "ready" && Date.now() - this.#readySince > STEADY) this.#attempts = this.#met = 0;
    this.#enter("lost");
    this.#retryTimer = setTimeout(() => this.connect(), this.#pause());
  }

  async #refused() {
    const { renew } = this.#options;
    if (!renew) return this.#enter("ended", "signed_out");
    const again = !this.#renewed;
    this.#renewed = true;
    this.#enter("lost");
    if (again && (await renew())) this.connect();
    else this.#enter("ended", "closed");
  }

  /**
   * Never the same for two: a restarted server is not met by everybody at once. Where no server answers, a try costs
   * nobody anything, and one may be back at any moment: that pause stays short for the first tries. A server that
   * takes us and loses us again has too much to do: that one doubles.
   */
  #pause() {
    const spread = this.#restarting && this.#attempts === 0 ? 2300 : 800;
    const doublings = Math.min(this.#attempts, Math.max(1, this.#met, this.#attempts - QUICK_TRIES));
    this.#attempts += 1;
    return Math.min(LONGEST_PAUSE, (200 + Math.random() * spread) * 2 ** doublings);
  }

  /** The page is older than the server. Reloading cures it; if it does not, it must not go on for ever. */
  #reloadOnce() {
    if (read("sessionStorage", RELOADED) || !write("sessionStorage", RELOADED, "1")) {
      return this.#enter("ended", "outdated");
    }
    location.reload();
  }

  /** @param {ConnectionState} state @param {Ending} [ending] */
  #enter(state, ending) {
    this.state = state;
    this.#options.onState(state, ending);
  }
}

/** Tells the server how far this tab has read: after each 32 KB or each second, and only when there is news. */
class Acknowledgements {
  #newest = 0;
  #told = 0;
  #bytes = 0;
  #timer = 0;

  /** @param {(n: number) => void} tell */
  constructor(tell) {
    this.tell = tell;
  }

  /** @param {number} n @param {number} bytes */
  received(n, bytes) {
    this.#newest = n;
    this.#bytes += bytes;
    if (this.#bytes >= ACK_BYTES) this.#flush();
    else this.#timer ||= setTimeout(() => this.#flush(), ACK_AFTER);
  }

  reset() {
    clearTimeout(this.#timer);
    this.#newest = this.#told = this.#bytes = this.#timer = 0;
  }

  #flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#bytes = 0;
    if (this.#newest > this.#told) this.tell((this.#told = this.#newest));
  }
}
