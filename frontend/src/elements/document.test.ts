import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { draftOf, keepDraft } from "./document-drafts.ts";
import { applyTool, listed, mentionBefore, pictureAt, wrap } from "./document-text.ts";
import "./document.ts";

describe("tools", () => {
  it("puts marks around words and takes them away again", () => {
    const bold = wrap("a word here", 2, 6, "**");
    expect(bold.text).toBe("a **word** here");
    expect(wrap(bold.text, bold.start, bold.end, "**").text).toBe("a word here");
  });
  it("makes lines a list and plain again", () => {
    const made = listed("one\ntwo\nthree", 1, 5);
    expect(made.text).toBe("- one\n- two\nthree");
    expect(listed(made.text, made.start, made.end).text).toBe("one\ntwo\nthree");
  });
  it("writes a link with the address selected", () => {
    const edit = applyTool("link", "see docs", 4, 8);
    expect(edit.text).toBe("see [docs](https://)");
    expect(edit.text.slice(edit.start, edit.end)).toBe("https://");
  });
  it("gives a picture a line of its own", () => {
    expect(pictureAt("text", 4, 4, "![a](image:1)").text).toBe("text\n\n![a](image:1)\n\n");
  });
  it.each([
    ["Ask @Ad", "Ad"], ["@", ""], ["@Ada Lo", "Ada Lo"], ["mail me@example", undefined], ["no one", undefined], ["@Zoë", "Zoë"],
  ])("mention in %s", (text, expected) => { expect(mentionBefore(text, text.length)).toBe(expected); });
});

describe("the editor", () => {
  const sent: { url: string; body: FormData }[] = [];
  const markup = `<wb-section-editor document="5" section="summary" me="7"><form><input name="version" value="3"><p data-draft hidden></p>
    <div role="toolbar" hidden><button type="button" data-tool="bold"></button></div><textarea>saved</textarea><ul role="listbox" hidden></ul>
    <p data-error></p><div data-preview></div><input type="file" name="image"><p class="doc-editor__writing"></p><a data-cancel></a></form></wb-section-editor>`;

  beforeEach(async () => {
    sent.length = 0;
    localStorage.clear();
    vi.stubGlobal("fetch", (url: string, options?: { body: FormData }) => {
      sent.push({ url, body: options?.body ?? new FormData() });
      const body = url.includes("images/") ? JSON.stringify({ markdown: "![x](image:9)" })
        : url.includes("mentions/") ? JSON.stringify({ people: [{ id: 1, name: "Ada Lovelace" }] }) : "<p>Seen</p>";
      return Promise.resolve(new Response(body));
    });
    document.body.innerHTML = markup;
    await pause(0);
  });
  afterEach(() => {
    document.body.innerHTML = "";
    vi.unstubAllGlobals();
  });

  const field = (): HTMLTextAreaElement => document.querySelector("textarea") as HTMLTextAreaElement;
  const type = (text: string): void => {
    field().value = text;
    field().setSelectionRange(text.length, text.length);
    field().dispatchEvent(new Event("input", { bubbles: true }));
  };
  const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

  it("shows its tools and says that somebody writes", () => {
    expect(document.querySelector<HTMLElement>("[role=toolbar]")?.hidden).toBe(false);
    expect(sent[0]?.url).toBe("/postmortems/5/sections/summary/editing/");
    document.body.innerHTML = "";
    expect(sent.at(-1)?.body.get("done")).toBe("1");
  });

  it("keeps what is typed until it is saved, and brings it back with its version", async () => {
    type("typed words");
    expect(draftOf("7:5:summary")?.text).toBe("typed words");
    document.body.innerHTML = markup.replace('value="3"', 'value="4"').replace("saved", "saved by another");
    await pause(0);
    expect(field().value).toBe("typed words");
    expect(document.querySelector<HTMLInputElement>("[name=version]")?.value).toBe("3");
    const note = document.querySelector<HTMLElement>("[data-draft]");
    expect(note?.hidden).toBe(false);
    note?.querySelector("button")?.click();
    expect(field().value).toBe("saved by another");
    expect(document.querySelector<HTMLInputElement>("[name=version]")?.value).toBe("4");
    expect(draftOf("7:5:summary")).toBeUndefined();
  });

  it("forgets the draft once the server has it, and not before", () => {
    type("words");
    const elt = document.querySelector("form");
    document.dispatchEvent(new CustomEvent("htmx:afterRequest", { detail: { elt, successful: false } }));
    expect(draftOf("7:5:summary")).toBeDefined();
    document.dispatchEvent(new CustomEvent("htmx:afterRequest", { detail: { elt, successful: true } }));
    expect(draftOf("7:5:summary")).toBeUndefined();
  });

  it("shows a preview and people to mention", async () => {
    type("Ask @Ad");
    await pause(250);
    const option = document.querySelector<HTMLElement>("[role=option]");
    expect(option?.textContent).toBe("Ada Lovelace");
    field().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    expect(field().value).toBe("Ask @Ada Lovelace ");
    await pause(600);
    expect(document.querySelector("[data-preview]")?.textContent).toBe("Seen");
  });

  it("keeps one's words after a clash, on the version they are compared with", async () => {
    type("mine");
    document.body.innerHTML = markup.replace('value="3"', 'value="5"').replace("saved", "mine").replace("<form>", '<div class="doc-clash"></div><form>');
    await pause(0);
    expect(draftOf("7:5:summary")).toMatchObject({ text: "mine", version: "5" });
  });

  it("drops an old draft", () => {
    keepDraft("x", { text: "a", version: "1", at: "2020-01-01T00:00:00Z" });
    expect(draftOf("x")).toBeUndefined();
  });
});
