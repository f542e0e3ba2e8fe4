import { describe, expect, it, vi } from "vitest";

vi.mock("../lib/htmx.ts", () => ({ htmx: { process: vi.fn(), ajax: vi.fn() } }));

import { own, stretch } from "./timeline.ts";

describe("the timeline", () => {
  it("shows the links of one's own rows alone", () => {
    document.body.innerHTML = `<a class="tl-link" data-author="5" hidden></a><a class="tl-link" data-author="6" hidden></a><a class="tl-link"></a>`;
    own(document, "5");
    expect([...document.querySelectorAll<HTMLElement>("a")].map((link) => link.hidden)).toEqual([false, true, false]);
  });

  it.each([
    [0.25, 0.5, 250, 500],
    [0.5, 0.25, 250, 500],
    [-1, 2, 0, 1000],
  ])("drags from %d to %d", (from, to, begin, end) => {
    expect(stretch(0, 1000, from, to).map((moment) => moment.getTime())).toEqual([begin, end]);
  });
});
