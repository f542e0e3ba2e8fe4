import { optionsOf, ownPath, readPayload } from "./payload.ts";
import type { PageOptions, PagePayload } from "./payload.ts";

const ANSWER_MS = 10_000;
const TRIES = 3;

/** What of the worker's surroundings the logic needs; tests bring their own. */
export interface Surroundings {
  show(title: string, options: PageOptions): Promise<void>;
  open(path: string): Promise<void>;
  fetch(path: string, init: RequestInit): Promise<Response>;
  pause(milliseconds: number): Promise<void>;
}

export async function pushed(text: string | undefined, around: Surroundings): Promise<void> {
  const page = readPayload(text);
  await around.show(page.title, optionsOf(page));
}

/** A tap on the notification opens its page; a button answers without opening anything. */
export async function clicked(action: string, data: unknown, around: Surroundings): Promise<void> {
  const page = readPayload(JSON.stringify(data ?? {}));
  const answer = action === "acknowledge" || action === "decline" ? page[action] : "";
  if (!answer) {
    await around.open(ownPath(page.url));
    return;
  }
  const sentence = await send(ownPath(answer), around);
  await say(page, sentence ?? page.words.failed, sentence !== undefined, around);
}

/** The server's sentence, or nothing when it could not be reached or would not answer. */
async function send(path: string, around: Surroundings): Promise<string | undefined> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    if (attempt > 1) await around.pause(1000 * 2 ** (attempt - 2));
    const answer = await post(path, around);
    if (answer === "lost") continue;
    return answer;
  }
  return undefined;
}

async function post(path: string, around: Surroundings): Promise<string | undefined | "lost"> {
  try {
    const response = await around.fetch(path, {
      method: "POST",
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (response.status >= 500 || response.status === 429) return "lost";
    const body = (await response.json().catch(() => ({}))) as { sentence?: string; detail?: string };
    return response.ok ? body.sentence : body.detail;
  } catch {
    return "lost";
  }
}

/** Replaces the page's notification, quietly, by what became of it; a tap still opens the page. */
async function say(page: PagePayload, sentence: string, done: boolean, around: Surroundings): Promise<void> {
  await around.show(sentence, {
    body: page.title,
    tag: page.tag,
    renotify: !done,
    requireInteraction: !done,
    data: { ...page, acknowledge: "", decline: "" },
    ...(page.icon ? { icon: page.icon } : {}),
    ...(page.badge ? { badge: page.badge } : {}),
  });
}
