import { beforeEach, expect, test } from "vitest";
import "./tasks.ts";

beforeEach(() => {
  document.body.innerHTML = `<ul><li class="task" id="task-1">Write the FAQ</li>
    <li class="task" id="task-2"><a class="task__wait" href="#task-1"><span>waits for: Write the FAQ</span></a></li></ul>`;
});

const wanted = () => [...document.querySelectorAll(".is-wanted")].map((row) => row.id);
const send = (name: string, selector: string) =>
  document.querySelector(selector)?.dispatchEvent(new Event(name, { bubbles: true }));

test.each([
  ["pointerover", "pointerout"],
  ["focusin", "focusout"],
])("what is waited for stands out on %s", (come, go) => {
  send(come, ".task__wait span");
  expect(wanted()).toEqual(["task-1"]);
  send(go, ".task__wait span");
  expect(wanted()).toEqual([]);
  send(come, "#task-1");
  expect(wanted()).toEqual([]);
});
