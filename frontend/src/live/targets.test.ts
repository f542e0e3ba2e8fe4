import { beforeEach, expect, test, vi } from "vitest";
import { htmx } from "../lib/htmx.ts";
import { apply, refreshOverdue } from "./targets.ts";

vi.mock("../lib/htmx.ts", () => ({ htmx: { process: vi.fn(), ajax: vi.fn() } }));
const ajax = vi.mocked(htmx.ajax);

const entry = (seq: number, topic = "incident:42", event = "note") => ({
  topic, seq, event, data: {}, html: `<li id="entry-${String(seq)}">row ${String(seq)}</li>`,
});

const rows = (): string[] => [...document.querySelectorAll("li")].map((row) => row.textContent);

beforeEach(() => {
  document.body.innerHTML = `<ul data-live-topic="incident:42" data-live-insert="prepend"><li id="entry-1">row 1</li></ul>`;
});

test("inserts its own topic only, exchanges a row that is there", () => {
  apply(entry(2));
  apply(entry(3, "incident:43"));
  apply({ ...entry(1), html: '<li id="entry-1">row 1, corrected</li>' });
  expect(rows()).toEqual(["row 2", "row 1, corrected"]);
});

test("an edited row is exchanged wherever the reader is, and one that is not here stays away", () => {
  const list = document.querySelector("ul") as HTMLElement;
  vi.spyOn(list, "getBoundingClientRect").mockReturnValue({ top: -900, bottom: 100 } as DOMRect);
  const edited = { data: { edited: true } };
  apply({ ...entry(1), ...edited, html: '<li id="entry-1">row 1, corrected</li>' });
  apply({ ...entry(0), ...edited });
  expect(rows()).toEqual(["row 1, corrected"]);
  expect(document.querySelector(".pill-new")).toBeNull();
});

test("holds rows behind a pill while the reader is elsewhere", () => {
  const list = document.querySelector("ul") as HTMLElement;
  vi.spyOn(list, "getBoundingClientRect").mockReturnValue({ top: -900, bottom: 100 } as DOMRect);
  apply(entry(2));
  apply(entry(3));
  expect(rows()).toEqual(["row 1"]);
  const pill = document.querySelector<HTMLElement>(".pill-new");
  expect(pill?.textContent).toBe("2 new");
  pill?.click();
  expect(rows()).toEqual(["row 3", "row 2", "row 1"]);
  expect(document.querySelector(".pill-new")).toBeNull();
});

test("an event filter is honoured", () => {
  const list = document.querySelector("ul") as HTMLElement;
  list.dataset["liveOn"] = "update_sent state";
  apply(entry(2));
  apply(entry(3, "incident:42", "state"));
  expect(rows()).toEqual(["row 3", "row 1"]);
});

test("a region waits with its refresh while somebody fills in a form there, and reads only its own part", () => {
  vi.useFakeTimers();
  ajax.mockClear();
  document.body.innerHTML = `<div id="part" data-live-refresh="/oncall/" data-live-select="#part" data-live-on="oncall.changed"><input></div>`;
  const part = document.getElementById("part") as HTMLElement;
  part.querySelector("input")?.focus();
  apply({ ...entry(1, "team:payments", "oncall.changed"), html: "" });
  vi.advanceTimersByTime(5_000);
  expect(ajax).not.toHaveBeenCalled();
  part.querySelector("input")?.blur();
  vi.advanceTimersByTime(3_000);
  expect(ajax).toHaveBeenCalledExactlyOnceWith("get", "/oncall/", expect.objectContaining({ target: part, select: "#part" }));
  vi.useRealTimers();
});

test("what is true until an instant is read anew once that has passed", () => {
  vi.useFakeTimers();
  ajax.mockClear();
  document.body.innerHTML = `<div data-live-refresh="/oncall/" data-live-until="2026-08-03T09:00:00Z"></div>`;
  refreshOverdue(Date.parse("2026-08-03T08:59:59Z"));
  vi.advanceTimersByTime(1_000);
  expect(ajax).not.toHaveBeenCalled();
  refreshOverdue(Date.parse("2026-08-03T09:00:00Z"));
  vi.advanceTimersByTime(1_000);
  expect(ajax).toHaveBeenCalledOnce();
  vi.useRealTimers();
});
