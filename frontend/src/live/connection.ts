import { parseTopics } from "./topics.ts";

export type LiveState = "off" | "live" | "reconnecting" | "stale";

export interface LiveEntry {
  topic: string;
  seq: number;
  event: string;
  data: unknown;
  html?: string;
}

type Message = Partial<LiveEntry> & { topic: string; error?: string; revoked?: boolean; subscribed?: boolean; last?: number };

/** Whether the entry was there before and says something else now; it keeps its number. */
export function isEdited(entry: { data?: unknown }): boolean {
  return (entry.data as { edited?: boolean } | undefined)?.edited === true;
}

const FIRST_MS = 500;
const LONGEST_MS = 15_000;
const STALE_MS = 30_000;
const QUIET_MS = 45_000;
const PROBE_MS = 8_000;

/** Full jitter on an exponential ladder, never below half of the first step. */
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return Math.max(FIRST_MS / 2, Math.round(ceiling * random));
}

interface Topic {
  users: number;
  last: number | undefined;
}

/**
 * The one socket of a tab. It remembers the last sequence number of each topic and asks for what is missing
 * after a break. A socket that stays silent is asked to answer a repeated subscription, because a dead
 * network does not close sockets.
 */
export class LiveConnection extends EventTarget {
  state: LiveState = "off";
  /** When the connection was lost; undefined while live. */
  lostAt: Date | undefined;

  private readonly topics = new Map<string, Topic>();
  private readonly presents = new Set<string>();
  private socket: WebSocket | undefined;
  private attempt = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private staleTimer: ReturnType<typeof setTimeout> | undefined;
  private probeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly address: () => string) {
    super();
    window.addEventListener("online", () => { this.retryNow(); });
    window.addEventListener("offline", () => { this.drop(); });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      if (this.socket?.readyState === WebSocket.OPEN) this.probe();
      else this.retryNow();
    });
  }

  add(source: string): void {
    for (const { topic, after } of parseTopics(source)) {
      const known = this.topics.get(topic);
      if (known) {
        known.users += 1;
        continue;
      }
      this.topics.set(topic, { users: 1, last: after });
      this.subscribe(topic);
    }
    if (this.topics.size > 0 && !this.socket && !this.retryTimer) this.connect();
  }

  remove(source: string): void {
    for (const { topic } of parseTopics(source)) {
      const known = this.topics.get(topic);
      if (!known) continue;
      known.users -= 1;
      if (known.users > 0) continue;
      this.topics.delete(topic);
      this.send({ unsubscribe: topic });
    }
  }

  /** Be shown to the others who look at a topic one listens to, and hear of them (event `presence`). */
  present(topic: string): void {
    this.presents.add(topic);
    this.send({ presence: topic });
  }

  /** Last sequence number seen of a topic. */
  last(topic: string): number | undefined {
    return this.topics.get(topic)?.last;
  }

  retryNow(): void {
    if (this.topics.size === 0 || this.socket) return;
    clearTimeout(this.retryTimer);
    this.connect();
  }

  private connect(): void {
    this.retryTimer = undefined;
    const socket = new WebSocket(this.address());
    this.socket = socket;
    socket.addEventListener("open", () => {
      if (socket !== this.socket) return;
      this.attempt = 0;
      this.enter("live");
      for (const topic of this.topics.keys()) this.subscribe(topic);
      this.armProbe();
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.socket) this.receive(String(event.data));
    });
    socket.addEventListener("close", () => {
      if (socket === this.socket) this.lost();
    });
  }

  private drop(): void {
    const socket = this.socket;
    if (!socket) return;
    this.lost();
    socket.close();
  }

  private lost(): void {
    this.socket = undefined;
    clearTimeout(this.probeTimer);
    if (this.topics.size === 0) return;
    this.enter(this.state === "stale" ? "stale" : "reconnecting");
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => { this.connect(); }, backoff(this.attempt, Math.random()));
    this.attempt += 1;
  }

  private enter(state: LiveState): void {
    if (state === "live") {
      this.lostAt = undefined;
      clearTimeout(this.staleTimer);
      this.staleTimer = undefined;
    } else {
      this.lostAt ??= new Date();
      this.staleTimer ??= setTimeout(() => { this.enter("stale"); }, STALE_MS);
    }
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  private subscribe(topic: string): void {
    const after = this.topics.get(topic)?.last;
    this.send(after === undefined ? { subscribe: topic } : { subscribe: topic, after });
    if (this.presents.has(topic)) this.send({ presence: topic });
  }

  private send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private receive(text: string): void {
    this.armProbe();
    const message = JSON.parse(text) as Message;
    const topic = this.topics.get(message.topic);
    if (!topic) return;
    if (message.error !== undefined || message.revoked) {
      this.topics.delete(message.topic);
      const reason = message.revoked ? "revoked" : message.error;
      document.dispatchEvent(new CustomEvent("wb:live-closed", { detail: { topic: message.topic, reason } }));
      return;
    }
    if (message.subscribed) {
      if (topic.last === undefined && message.last !== undefined) topic.last = message.last;
      return;
    }
    if (message.seq !== undefined && !isEdited(message)) {
      if (topic.last !== undefined && message.seq <= topic.last) return;
      topic.last = message.seq;
    }
    document.dispatchEvent(new CustomEvent("wb:live", { detail: message }));
  }

  private armProbe(): void {
    clearTimeout(this.probeTimer);
    this.probeTimer = setTimeout(() => { this.probe(); }, QUIET_MS);
  }

  private probe(): void {
    const topic = this.topics.keys().next().value;
    if (topic === undefined) return;
    this.subscribe(topic);
    clearTimeout(this.probeTimer);
    this.probeTimer = setTimeout(() => { this.drop(); }, PROBE_MS);
  }
}

let shared: LiveConnection | undefined;

export function connection(): LiveConnection {
  shared ??= new LiveConnection(() => `${location.origin.replace(/^http/, "ws")}/ws/`);
  return shared;
}
