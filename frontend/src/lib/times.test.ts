import { beforeEach, expect, test } from "vitest";
import { clockTime, localise } from "./times.ts";

const AT = "2026-11-20T23:12:05Z";

function fragment(form: string): HTMLTimeElement {
  document.body.innerHTML = `<time data-when="${form}" datetime="${AT}" title="as the server had it">23:12</time>`;
  localise(document);
  return document.querySelector("time") as HTMLTimeElement;
}

beforeEach(() => {
  document.documentElement.lang = "en";
  document.body.dataset["zone"] = "Europe/Berlin";
  document.body.dataset["clock"] = "24";
});

test("the clock is the person's, in the person's zone", () => {
  expect(clockTime(new Date(AT))).toBe("00:12");
  document.body.dataset["clock"] = "12";
  expect(clockTime(new Date(AT))).toBe("12:12 AM");
});

test("a live fragment is written anew", () => {
  expect(fragment("time").textContent).toBe("00:12");
  expect(fragment("datetime").textContent).toBe("21 Nov 00:12");
  expect(fragment("date").textContent).toBe("21 Nov 2026");
  document.body.dataset["clock"] = "12";
  const shown = fragment("datetime");
  expect(shown.textContent).toBe("21 Nov 12:12 AM");
  expect(shown.title).toMatch(/^Sat 21 Nov 2026 12:12:05 AM .+ · 23:12:05 UTC$/);
});

test("relative times keep their text; pages without a person keep what the server wrote", () => {
  expect(fragment("relative").textContent).toBe("23:12");
  delete document.body.dataset["zone"];
  const kept = fragment("time");
  expect([kept.textContent, kept.title]).toEqual(["23:12", "as the server had it"]);
});
