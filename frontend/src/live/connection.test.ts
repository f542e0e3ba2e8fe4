import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { backoff, LiveConnection } from "./connection.ts";
import { parseTopics } from "./topics.ts";

class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: unknown[] = [];

  constructor(readonly url: string) {
    super();
    FakeSocket.all.push(this);
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  say(message: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }
}

let live: LiveConnection;
let seen: unknown[];
const record = (event: Event): void => { seen.push((event as CustomEvent).detail); };
const socket = (): FakeSocket => FakeSocket.all.at(-1) as FakeSocket;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-20T03:12:00Z") });
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.spyOn(Math, "random").mockReturnValue(1);
  FakeSocket.all = [];
  seen = [];
  document.addEventListener("wb:live", record);
  document.addEventListener("wb:live-closed", record);
  live = new LiveConnection(() => "ws://test/ws/");
});

afterEach(() => {
  document.removeEventListener("wb:live", record);
  document.removeEventListener("wb:live-closed", record);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("reads topics with and without a starting point", () => {
  expect(parseTopics("incident:42:17 feed  team:payments me:3 incident:7")).toEqual([
    { topic: "incident:42", after: 17 },
    { topic: "feed" },
    { topic: "team:payments" },
    { topic: "me", after: 3 },
    { topic: "incident:7" },
  ]);
});

test("waits longer each time, within bounds", () => {
  expect([0, 1, 2, 3, 4, 5, 9].map((attempt) => backoff(attempt, 1))).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000]);
  expect(backoff(3, 0)).toBe(250);
});

test("one socket carries all topics and a duplicate entry is dropped", () => {
  live.add("incident:42:17 feed");
  live.add("incident:42:17");
  socket().open();
  expect(FakeSocket.all).toHaveLength(1);
  expect(socket().sent).toEqual([{ subscribe: "incident:42", after: 17 }, { subscribe: "feed" }]);
  socket().say({ topic: "feed", subscribed: true, last: 90 });
  const entry = { topic: "incident:42", seq: 18, event: "note", data: {} };
  socket().say(entry);
  socket().say(entry);
  expect(seen).toEqual([entry]);
  live.remove("incident:42");
  live.remove("incident:42");
  expect(socket().sent.at(-1)).toEqual({ unsubscribe: "incident:42" });
});

test("an entry that was edited keeps its number and is not dropped", () => {
  live.add("incident:42:17");
  socket().open();
  const edited = { topic: "incident:42", seq: 9, event: "timeline.note", data: { edited: true } };
  socket().say(edited);
  socket().close();
  vi.advanceTimersByTime(500);
  socket().open();
  expect(seen).toEqual([edited]);
  expect(socket().sent).toEqual([{ subscribe: "incident:42", after: 17 }]);
});

test("reconnects after the last entry, and says so", () => {
  live.add("incident:42:17");
  socket().open();
  socket().say({ topic: "incident:42", seq: 21, event: "note", data: {} });
  socket().close();
  expect([live.state, live.lostAt]).toEqual(["reconnecting", new Date("2026-11-20T03:12:00Z")]);
  vi.advanceTimersByTime(500);
  expect(FakeSocket.all).toHaveLength(2);
  socket().open();
  expect([live.state, live.lostAt, socket().sent]).toEqual(["live", undefined, [{ subscribe: "incident:42", after: 21 }]]);
});

test("is stale after half a minute without a connection and recovers", () => {
  live.add("feed");
  socket().open();
  socket().close();
  for (let step = 0; step < 31; step += 1) {
    vi.advanceTimersByTime(1000);
    if (socket().readyState === 0) socket().close();
  }
  expect(live.state).toBe("stale");
  live.retryNow();
  vi.advanceTimersByTime(15_000);
  socket().open();
  expect(live.state).toBe("live");
});

test("a silent socket is asked, and dropped when it does not answer", () => {
  live.add("incident:42:17");
  socket().open();
  vi.advanceTimersByTime(45_000);
  expect(socket().sent).toHaveLength(2);
  socket().say({ topic: "incident:42", subscribed: true, last: 17 });
  vi.advanceTimersByTime(9_000);
  expect(live.state).toBe("live");
  vi.advanceTimersByTime(36_000 + 8_000);
  expect(live.state).toBe("reconnecting");
});

test("a revoked topic is not asked for again", () => {
  live.add("incident:42:17 feed");
  socket().open();
  socket().say({ topic: "incident:42", revoked: true });
  expect(seen).toEqual([{ topic: "incident:42", reason: "revoked" }]);
  socket().close();
  vi.advanceTimersByTime(500);
  socket().open();
  expect(socket().sent).toEqual([{ subscribe: "feed" }]);
});
