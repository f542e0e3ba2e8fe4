import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "./board.ts";

const COVER = "/oncall/schedules/1/cover/";
const ajax = vi.fn();
const assign = vi.fn();

function page(): void {
  document.body.innerHTML = `
    <wb-board data-start="2026-11-20T00:00:00Z" data-end="2026-11-21T00:00:00Z" data-zone="UTC" data-cover-url="${COVER}">
      <div class="board__scroll"><svg data-final>
        <a id="mine" href="#shift-1" data-shift data-from="2026-11-20T00:00:00Z" data-to="2026-11-20T12:00:00Z"
           data-ask="/ask/?user=1" aria-label="Ada"><g data-grip><rect id="grip"></rect></g><rect id="inside"></rect></a>
        <a id="theirs" href="#shift-2" data-shift data-from="2026-11-20T12:00:00Z" data-to="2026-11-21T00:00:00Z"
           data-ask="/ask/?user=2" data-back="2|20261120T1200|20261121T0000" data-who="Bo" aria-label="Bo"></a>
      </svg></div><output></output></wb-board>
    <table><tr id="shift-1"><td><div class="shift-actions"><form action="/take/"><button class="button">Take</button></form>
      <details><div class="shift-more__items"><a class="menu__item" href="/ask/">Ask</a></div></details></div></td></tr>
      <tr id="shift-2"><td></td></tr></table>`;
  const track = document.querySelector("svg") as SVGSVGElement;
  track.getBoundingClientRect = () => ({ left: 0, width: 240, top: 0, bottom: 60 }) as DOMRect;
}

beforeEach(() => {
  page();
  vi.stubGlobal("htmx", { ajax });
  vi.spyOn(location, "assign").mockImplementation(assign);
});

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  ajax.mockReset();
  assign.mockReset();
});

function pointer(type: string, x: number, target = "inside", pointerType = "mouse"): void {
  const options = { clientX: x, pointerId: 1, pointerType, button: 0, bubbles: true, cancelable: true };
  document.getElementById(target)?.dispatchEvent(new PointerEvent(type, options));
}

const said = (): string => document.querySelector("output")?.textContent ?? "";
const shapes = (): number => document.querySelectorAll(".board__selection, .board__ghost").length;

test("a drag along the row says its times and opens the cover form with them", () => {
  pointer("pointerdown", 91);
  pointer("pointermove", 121);
  expect(said()).toContain("let go to choose who covers");
  expect(document.querySelector(".board__selection")?.getAttribute("x")).toBe("37.500%");
  pointer("pointerup", 121);
  const address = `${COVER}?starts_at=2026-11-20T09%3A00%3A00Z&ends_at=2026-11-20T12%3A00%3A00Z`;
  expect(ajax.mock.calls).toEqual([["get", address, { target: "#modal", swap: "innerHTML" }]]);
  expect([shapes(), said()]).toEqual([0, ""]);
});

test("Escape leaves everything as it was, and the click that follows opens nothing", () => {
  pointer("pointerdown", 91);
  pointer("pointermove", 121);
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
  expect([shapes(), said()]).toEqual([0, "Nothing was changed"]);
  pointer("pointerup", 121);
  document.getElementById("inside")?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  expect([ajax.mock.calls.length, document.querySelector(".board__menu")]).toEqual([0, null]);
});

test("a shift dragged onto somebody else's proposes a swap", () => {
  pointer("pointerdown", 5, "grip");
  pointer("pointermove", 100, "grip");
  expect(document.getElementById("theirs")?.hasAttribute("data-target")).toBe(false);
  pointer("pointermove", 180, "grip");
  expect(document.getElementById("theirs")?.hasAttribute("data-target")).toBe(true);
  expect(said()).toContain("Let go to propose a swap with Bo");
  pointer("pointerup", 180, "grip");
  expect(assign.mock.calls).toEqual([["/ask/?user=1&back=2%7C20261120T1200%7C20261121T0000"]]);
});

test("a shift let go elsewhere, a short press and a finger change nothing", () => {
  pointer("pointerdown", 5, "grip");
  pointer("pointermove", 50, "grip");
  pointer("pointerup", 50, "grip");
  pointer("pointerdown", 50);
  pointer("pointermove", 53);
  pointer("pointerup", 53);
  pointer("pointerdown", 50, "inside", "touch");
  pointer("pointermove", 120, "inside", "touch");
  pointer("pointerup", 120, "inside", "touch");
  expect([ajax.mock.calls.length, assign.mock.calls.length, shapes()]).toEqual([0, 0, 0]);
});

test("who may not cover cannot draw a stretch", () => {
  document.querySelector("wb-board")?.removeAttribute("data-cover-url");
  pointer("pointerdown", 91);
  pointer("pointermove", 121);
  expect(shapes()).toBe(0);
});

test("a chosen shift shows what the list offers, and follows its link where there is nothing", () => {
  const first = new MouseEvent("click", { bubbles: true, cancelable: true });
  document.getElementById("inside")?.dispatchEvent(first);
  const menu = document.querySelector(".board__menu");
  expect([...(menu?.querySelectorAll("a, button") ?? [])].map((each) => each.textContent)).toEqual(["Take", "Ask", "Details"]);
  expect([first.defaultPrevented, document.activeElement?.textContent]).toEqual([true, "Take"]);
  const second = new MouseEvent("click", { bubbles: true, cancelable: true });
  document.getElementById("theirs")?.dispatchEvent(second);
  expect(second.defaultPrevented).toBe(false);
  expect(document.getElementById("theirs")?.hasAttribute("aria-haspopup")).toBe(false);
});
