import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { formatClock, formatDuration, urgencyOf } from "./clock.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-20T03:12:00Z") });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

test("formats clocks and durations", () => {
  expect([0, 372, 3972, 97800].map(formatClock)).toEqual(["00:00", "06:12", "1:06:12", "1 d 03:10"]);
  expect([40, 2820, 11520, 187200].map(formatDuration)).toEqual(["40 s", "47 min", "3 h 12 min", "2 d 4 h"]);
});

test("a promise turns amber at five minutes and late after it", () => {
  expect([301, 300, 0, -1].map(urgencyOf)).toEqual(["calm", "soon", "soon", "late"]);
});

test("a countdown ticks through its states", () => {
  document.body.innerHTML = '<wb-countdown until="2026-11-20T03:17:01Z"></wb-countdown>';
  const element = document.querySelector("wb-countdown") as HTMLElement;
  expect([element.textContent, element.dataset["state"]]).toEqual(["05:01", "calm"]);
  vi.advanceTimersByTime(1000);
  expect([element.textContent, element.dataset["state"]]).toEqual(["05:00", "soon"]);
  vi.advanceTimersByTime(302_000);
  expect([element.textContent, element.dataset["state"]]).toEqual(["00:02 late", "late"]);
});

test("an ended clock stands still", () => {
  document.body.innerHTML = '<wb-clock since="2026-11-20T02:00:00Z" until="2026-11-20T02:47:00Z" format="words"></wb-clock>';
  vi.advanceTimersByTime(60_000);
  expect(document.querySelector("wb-clock")?.textContent).toBe("47 min");
});
