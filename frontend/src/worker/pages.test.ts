import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { clicked, pushed } from "./pages.ts";
import type { Surroundings } from "./pages.ts";
import { optionsOf, ownPath, readPayload } from "./payload.ts";
import type { PageOptions } from "./payload.ts";

const PAGE = {
  title: "Payments failing",
  body: "Card payments fail.",
  url: "/incidents/42/",
  tag: "incident:42",
  urgency: "high",
  acknowledge: "/a/7.x.y/",
  decline: "/a/7.x.y/decline/",
  delivery: 7,
  timestamp: "2026-11-20T03:00:00+00:00",
  icon: "/static/icon-192.png",
  badge: "/static/badge-96.png",
  words: { acknowledge: "Acknowledge", decline: "Can't take it", failed: "Not sent, tap to open" },
};

const answer = (body: object, status = 200): Response => new Response(JSON.stringify(body), { status });

let shown: [string, PageOptions][];
let opened: string[];
let send: ReturnType<typeof vi.fn>;
let around: Surroundings;

beforeEach(() => {
  shown = [];
  opened = [];
  send = vi.fn();
  around = {
    show: (title, options) => { shown.push([title, options]); return Promise.resolve(); },
    open: (path) => { opened.push(path); return Promise.resolve(); },
    fetch: send as unknown as Surroundings["fetch"],
    pause: () => Promise.resolve(),
  };
});

afterEach(() => { vi.restoreAllMocks(); });

test("an urgent page stays, shakes the phone and has two buttons", async () => {
  await pushed(JSON.stringify(PAGE), around);
  expect(shown).toHaveLength(1);
  const [title, options] = shown[0] ?? ["", {}];
  expect(title).toBe("Payments failing");
  expect(options).toMatchObject({
    body: "Card payments fail.", tag: "incident:42", renotify: true, requireInteraction: true,
    timestamp: Date.parse(PAGE.timestamp), icon: "/static/icon-192.png", badge: "/static/badge-96.png",
    actions: [
      { action: "acknowledge", title: "Acknowledge" },
      { action: "decline", title: "Can't take it" },
    ],
  });
  expect(options.vibrate?.length).toBeGreaterThan(3);
});

test("what can wait goes away by itself, and a test has no buttons", () => {
  expect(optionsOf({ ...PAGE, urgency: "low" }).requireInteraction).toBe(false);
  expect(optionsOf({ ...PAGE, acknowledge: "", decline: "" }).actions).toEqual([]);
});

test("a message that cannot be read still becomes a notification", async () => {
  for (const text of [undefined, "", "{", "null", "7", "[]"]) await pushed(text, around);
  expect(shown.map(([title]) => title)).toEqual(Array(6).fill("Watchbill"));
  expect(readPayload("{\"title\":\"x\"}").words.failed).toBe("Not sent, tap to open");
});

test("acknowledging posts once and shows the server's sentence in place of the page", async () => {
  send.mockResolvedValue(answer({ sentence: "Acknowledged 03:12, escalation stopped", url: "/incidents/42/" }));
  await clicked("acknowledge", PAGE, around);
  expect(send).toHaveBeenCalledTimes(1);
  expect(send.mock.calls[0]?.[0]).toBe("/a/7.x.y/");
  expect(send.mock.calls[0]?.[1]).toMatchObject({ method: "POST", headers: { Accept: "application/json" } });
  expect(shown[0]?.[0]).toBe("Acknowledged 03:12, escalation stopped");
  expect(shown[0]?.[1]).toMatchObject({ tag: "incident:42", body: "Payments failing", renotify: false });
  expect(opened).toEqual([]);
});

test("declining posts to its own address", async () => {
  send.mockResolvedValue(answer({ sentence: "Bo is being paged" }));
  await clicked("decline", PAGE, around);
  expect([send.mock.calls[0]?.[0], shown[0]?.[0]]).toEqual(["/a/7.x.y/decline/", "Bo is being paged"]);
});

test("what was answered already is said, and a refusal too", async () => {
  send.mockResolvedValueOnce(answer({ sentence: "Already acknowledged by Bo" }))
    .mockResolvedValueOnce(answer({ detail: "This link is older than seven days." }, 404));
  await clicked("acknowledge", PAGE, around);
  await clicked("acknowledge", PAGE, around);
  expect(shown.map(([title]) => title)).toEqual(["Already acknowledged by Bo", "This link is older than seven days."]);
});

test("what passes is tried again, three times in all", async () => {
  send.mockRejectedValueOnce(new TypeError("network")).mockResolvedValueOnce(answer({}, 503))
    .mockResolvedValueOnce(answer({ sentence: "Acknowledged" }));
  await clicked("acknowledge", PAGE, around);
  expect([send.mock.calls.length, shown[0]?.[0]]).toEqual([3, "Acknowledged"]);
});

test("nothing is claimed when it could not be sent; a tap then opens the page", async () => {
  send.mockRejectedValue(new TypeError("network"));
  await clicked("acknowledge", PAGE, around);
  expect(send).toHaveBeenCalledTimes(3);
  expect(shown[0]?.[0]).toBe("Not sent, tap to open");
  expect(shown[0]?.[1].requireInteraction).toBe(true);
  await clicked("", shown[0]?.[1].data, around);
  expect(opened).toEqual(["/incidents/42/"]);
});

test("an answer that is not ours claims nothing either", async () => {
  send.mockResolvedValue(new Response("<html>", { status: 200 }));
  await clicked("acknowledge", PAGE, around);
  expect(shown[0]?.[0]).toBe("Not sent, tap to open");
});

test("a tap opens the page, whatever the message says only on our own site", async () => {
  await clicked("", PAGE, around);
  for (const url of ["https://evil.example/", "//evil.example/", "/\\evil.example", 7, undefined]) {
    await clicked("", { ...PAGE, url }, around);
  }
  expect(opened).toEqual(["/incidents/42/", "/", "/", "/", "/", "/"]);
  expect(ownPath("/feed/")).toBe("/feed/");
  expect(send).not.toHaveBeenCalled();
});
