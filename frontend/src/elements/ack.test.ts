import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "./ack.ts";

const MARKUP = `<wb-ack><form action="/incidents/42/acknowledge/" method="post">
  <button><span class="button__label">Acknowledge</span></button></form>
  <p class="ack__state" aria-live="assertive"></p><p class="ack__other">Reply to the text message</p></wb-ack>`;

const state = () => [
  document.querySelector<HTMLElement>("wb-ack")?.dataset["state"],
  document.querySelector(".ack__state")?.textContent,
];

function submit(): void {
  document.querySelector("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
}

const json = (body: object, status = 200) => new Response(JSON.stringify(body), { status });

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = MARKUP;
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("claims nothing before the server has answered", async () => {
  let answer: (response: Response) => void = () => undefined;
  vi.stubGlobal("fetch", vi.fn(() => new Promise<Response>((resolve) => { answer = resolve; })));
  submit();
  expect(state()).toEqual(["sending", "Sending…"]);
  answer(json({ sentence: "Acknowledged 03:12, escalation stopped" }));
  await vi.advanceTimersByTimeAsync(0);
  expect(state()).toEqual(["done", "Acknowledged 03:12, escalation stopped"]);
});

test("retries what was not sent until it arrives", async () => {
  const send = vi.fn()
    .mockRejectedValueOnce(new TypeError("network"))
    .mockResolvedValueOnce(json({}, 503))
    .mockResolvedValueOnce(json({ sentence: "Already acknowledged by Bo at 03:12" }));
  vi.stubGlobal("fetch", send);
  submit();
  await vi.advanceTimersByTimeAsync(0);
  expect(state()).toEqual(["retrying", "Not sent, retrying"]);
  await vi.advanceTimersByTimeAsync(500);
  expect(state()).toEqual(["retrying", "Not sent, retrying"]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(state()).toEqual(["done", "Already acknowledged by Bo at 03:12"]);
  expect(send).toHaveBeenCalledTimes(3);
});

test("a refusal is said and not repeated", async () => {
  const send = vi.fn().mockResolvedValue(json({ detail: "This incident is closed." }, 409));
  vi.stubGlobal("fetch", send);
  submit();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([state(), send.mock.calls.length]).toEqual([["refused", "This incident is closed."], 1]);
});
