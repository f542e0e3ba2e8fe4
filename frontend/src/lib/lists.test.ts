import { expect, test } from "vitest";
import { move, nextIndex } from "./lists.ts";

test("the cursor starts at an end and stops at the edges", () => {
  expect([nextIndex(-1, 1, 3), nextIndex(-1, -1, 3), nextIndex(2, 1, 3), nextIndex(0, -1, 3), nextIndex(0, 1, 3)]).toEqual(
    [0, 2, 2, 0, 1],
  );
});

test("moving focuses the link of the row, so that Enter opens it", () => {
  document.body.innerHTML = `<ul data-list><li data-row><a id="one" href="#1">1</a></li>
    <li data-row><a id="two" href="#2">2</a></li></ul>`;
  const list = document.querySelector("[data-list]") as Element;
  move(list, 1);
  move(list, 1);
  expect(document.activeElement?.id).toBe("two");
  expect([...document.querySelectorAll(".is-cursor")].length).toBe(1);
});
