import { expect, test } from "vitest";
import { dragged, iso, percent, shareOf, snap, swapAddress, withTimes, zoneOffset } from "./boardtime.ts";

const at = (text: string): number => Date.parse(text);
const DAY = { start: at("2026-11-20T00:00:00Z"), end: at("2026-11-21T00:00:00Z") };

test("a zone's offset follows its summer time", () => {
  const hours = (text: string, zone: string): number => zoneOffset(at(text), zone) / 3_600_000;
  expect([
    hours("2026-07-01T12:00:00Z", "Europe/Berlin"),
    hours("2026-11-20T12:00:00Z", "Europe/Berlin"),
    hours("2026-11-20T12:00:00.900Z", "Asia/Kathmandu"),
    hours("2026-11-20T00:00:00Z", "America/New_York"),
  ]).toEqual([2, 1, 5.75, -5]);
});

test("times snap to quarters of the wall clock of the schedule", () => {
  expect(iso(snap(at("2026-11-20T09:07:29Z"), "UTC"))).toBe("2026-11-20T09:00:00Z");
  expect(iso(snap(at("2026-11-20T09:07:30Z"), "UTC"))).toBe("2026-11-20T09:15:00Z");
  expect(iso(snap(at("2026-11-20T09:20:00Z"), "Asia/Kathmandu", 60))).toBe("2026-11-20T09:15:00Z");
  // Monrovia before 1972: 44 minutes and 30 seconds behind.
  expect(iso(snap(at("1971-06-01T12:00:00Z"), "Africa/Monrovia"))).toBe("1971-06-01T11:59:30Z");
});

test("a drag in either direction is the same stretch", () => {
  const span = { start: at("2026-11-20T06:00:00Z"), end: at("2026-11-20T12:00:00Z") };
  expect(dragged(0.251, 0.499, DAY, "UTC")).toEqual(span);
  expect(dragged(0.499, 0.251, DAY, "UTC")).toEqual(span);
});

test("a drag never leaves the window and never is empty", () => {
  expect(dragged(-1, 2, DAY, "UTC")).toEqual(DAY);
  expect(dragged(0.5, 0.5, DAY, "UTC")).toEqual({ start: at("2026-11-20T12:00:00Z"), end: at("2026-11-20T12:15:00Z") });
  expect(dragged(1, 1, DAY, "UTC")).toEqual({ start: at("2026-11-20T23:45:00Z"), end: DAY.end });
});

test("across the end of summer time places are shares of true time", () => {
  const long = { start: at("2026-10-24T22:00:00Z"), end: at("2026-10-25T23:00:00Z") };
  const span = dragged(0, 5 / 25, long, "Europe/Berlin");
  expect([iso(span.start), iso(span.end)]).toEqual(["2026-10-24T22:00:00Z", "2026-10-25T03:00:00Z"]);
});

test("places and addresses", () => {
  expect([shareOf(at("2026-11-20T06:00:00Z"), DAY), percent(0.25)]).toEqual([0.25, "25.000%"]);
  expect(withTimes("/cover/", DAY)).toBe("/cover/?starts_at=2026-11-20T00%3A00%3A00Z&ends_at=2026-11-21T00%3A00%3A00Z");
  expect(swapAddress("/ask/?user=1", "2|a|b")).toBe("/ask/?user=1&back=2%7Ca%7Cb");
});
