import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ComposerElement, fitting, isCommand } from "./composer.ts";

const NAMES = ["note", "sev", "status", "star", "resolve"];

describe("commands", () => {
  it.each([
    ["/sev 1", true], ["  /status monitoring", true], ["/help", true],
    ["/var/log is full", false], ["/ sev", false], ["see /sev", false], ["", false],
  ])("%s", (text, expected) => { expect(isCommand(text)).toBe(expected); });

  it.each([
    ["/", NAMES], ["/s", ["sev", "status", "star"]], ["/ST", ["status", "star"]], ["/sev 1", ["sev"]],
    ["/x", []], ["note", []], ["/var/log", []],
  ])("help for %s", (text, expected) => { expect(fitting(text, NAMES)).toEqual(expected); });
});

describe("the composer", () => {
  let composer: ComposerElement;
  const sent: FormData[] = [];

  beforeEach(() => {
    sent.length = 0;
    document.body.innerHTML = `<wb-composer incident="42"><form action="/incidents/42/compose/"><textarea name="text"></textarea>
      <p class="composer__error"></p><ul class="composer__help" hidden><li data-command="sev"></li><li data-command="note"></li></ul>
      <ul class="composer__files" hidden></ul><input type="file" name="files" multiple></form></wb-composer>`;
    composer = document.querySelector("wb-composer") as ComposerElement;
  });
  afterEach(() => { vi.unstubAllGlobals(); });

  function answer(status: number, body: object): void {
    vi.stubGlobal("fetch", (_url: string, options: { body: FormData }) => {
      sent.push(options.body);
      return Promise.resolve(new Response(JSON.stringify(body), { status }));
    });
  }

  async function submit(text: string): Promise<void> {
    const field = composer.querySelector("textarea") as HTMLTextAreaElement;
    field.value = text;
    composer.querySelector("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }

  const written = (): string => composer.querySelector("textarea")?.value ?? "";
  const error = (): string => composer.querySelector(".composer__error")?.textContent ?? "";

  it("sends a note with a key of its own and empties itself", async () => {
    answer(200, { sentence: "Note added" });
    await submit("One");
    await submit("Two");
    expect(sent.map((body) => body.get("text"))).toEqual(["One", "Two"]);
    expect(new Set(sent.map((body) => body.get("key"))).size).toBe(2);
    expect(written()).toBe("");
  });

  it("keeps what was typed and says why it was refused", async () => {
    answer(422, { detail: "A severity is a whole number from 0 to 4: /sev 1" });
    await submit("/sev 9");
    expect([written(), error()]).toEqual(["/sev 9", "A severity is a whole number from 0 to 4: /sev 1"]);
  });

  it("keeps a command in the form when there is no network, and the same key for the next try", async () => {
    vi.stubGlobal("fetch", (_url: string, options: { body: FormData }) => {
      sent.push(options.body);
      return Promise.reject(new TypeError("offline"));
    });
    await submit("/sev 1");
    await submit("/sev 1");
    expect(written()).toBe("/sev 1");
    expect(error()).toContain("no connection");
    expect(sent[0]?.get("key")).toBe(sent[1]?.get("key"));
  });

  it("attaches pasted files and refuses what is too large", async () => {
    answer(200, { sentence: "Evidence attached" });
    const big = new File(["x"], "big.log");
    Object.defineProperty(big, "size", { value: 11 * 1024 * 1024 });
    const paste = new Event("paste", { bubbles: true, cancelable: true });
    Object.assign(paste, { clipboardData: { files: [new File(["x"], "shot.png"), big] } });
    composer.querySelector("textarea")?.dispatchEvent(paste);
    expect(paste.defaultPrevented).toBe(true);
    expect(error()).toContain("big.log");
    await submit("");
    expect(sent[0]?.getAll("files").map((file) => (file as File).name)).toEqual(["shot.png"]);
  });

  it("shows the commands that fit while one is typed", () => {
    const field = composer.querySelector("textarea") as HTMLTextAreaElement;
    field.value = "/s";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const help = composer.querySelector<HTMLElement>(".composer__help");
    expect(help?.hidden).toBe(false);
    expect([...(help?.querySelectorAll<HTMLElement>("li") ?? [])].map((row) => row.hidden)).toEqual([false, true]);
  });
});
