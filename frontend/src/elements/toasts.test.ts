import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toast } from "../lib/toast.ts";
import "./toasts.ts";

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = "<wb-toasts></wb-toasts>";
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

const shown = (): string[] => [...document.querySelectorAll(".toast__text")].map((each) => each.textContent);

test("a message goes after six seconds, an error stays until dismissed", () => {
  toast("Saved", "ok");
  toast("Not sent", "danger");
  vi.advanceTimersByTime(6_001);
  expect(shown()).toEqual(["Not sent"]);
  document.querySelector<HTMLElement>("[data-dismiss]")?.click();
  expect(shown()).toEqual([]);
});

test("undo is offered for ten seconds", () => {
  toast("Removed", "ok", "/undo/");
  vi.advanceTimersByTime(9_999);
  expect(document.querySelectorAll("[data-undo]")).toHaveLength(1);
  vi.advanceTimersByTime(2);
  expect(shown()).toEqual([]);
});

test("text is never taken as markup", () => {
  toast("<b>x</b>");
  expect(document.querySelector(".toast b")).toBeNull();
});
