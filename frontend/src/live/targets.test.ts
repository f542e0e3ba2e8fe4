import { beforeEach, expect, test, vi } from "vitest";
import { apply } from "./targets.ts";

vi.mock("../lib/htmx.ts", () => ({ htmx: { process: vi.fn(), ajax: vi.fn() } }));

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
