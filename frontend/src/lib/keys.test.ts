import { beforeEach, expect, test, vi } from "vitest";
import { findByKey, listKeys, onKey, parseKeymap } from "./keys.ts";

beforeEach(() => {
  document.body.innerHTML = `<button data-key="a">Acknowledge</button><button data-key="c" disabled>Command</button>
    <input id="q" data-key="/" aria-label="Search">`;
  delete document.body.dataset["keys"];
  delete document.body.dataset["keymap"];
});

function press(key: string, target: EventTarget = document.body, init: KeyboardEventInit = {}): void {
  const event = new KeyboardEvent("keydown", { key, ...init });
  Object.defineProperty(event, "target", { value: target });
  onKey(event);
}

test("a key clicks its button, disabled ones stay", () => {
  const clicked = vi.fn();
  for (const button of document.querySelectorAll("button")) button.addEventListener("click", clicked);
  press("a");
  press("c");
  expect(clicked).toHaveBeenCalledTimes(1);
});

test("nothing happens while typing, with a modifier, or when switched off", () => {
  const clicked = vi.fn();
  findByKey(document, "a")?.addEventListener("click", clicked);
  press("a", document.getElementById("q") as HTMLElement);
  press("a", document.body, { ctrlKey: true });
  document.body.dataset["keys"] = "off";
  press("a");
  expect(clicked).not.toHaveBeenCalled();
});

test("a remapped key works and focuses fields", () => {
  document.body.dataset["keymap"] = '{"/": "f"}';
  press("f");
  expect(document.activeElement?.id).toBe("q");
  expect(parseKeymap('{"a": "x"}').get("x")).toBe("a");
});

test("the help lists each key once", () => {
  expect(listKeys(document)).toEqual([
    { key: "a", label: "Acknowledge" },
    { key: "c", label: "Command" },
    { key: "/", label: "Search" },
  ]);
});
