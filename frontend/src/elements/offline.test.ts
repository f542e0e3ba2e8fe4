import { describe, expect, it, vi } from "vitest";
import { meaning, Outbox, type Sent, type Store, type WaitingNote } from "./offline.ts";

function note(key: string, minute: number, incident = "42"): WaitingNote {
  return { key, incident, url: "/incidents/42/compose/", text: `Note ${key}`, happenedAt: new Date(Date.UTC(2026, 10, 20, 3, minute)).toISOString() };
}

class MemoryStore implements Store {
  readonly kept = new Map<string, WaitingNote>();
  all(): Promise<WaitingNote[]> { return Promise.resolve([...this.kept.values()]); }
  put(each: WaitingNote): Promise<void> { this.kept.set(each.key, each); return Promise.resolve(); }
  remove(key: string): Promise<void> { this.kept.delete(key); return Promise.resolve(); }
}

function outboxWith(answers: Record<string, Sent>): { box: Outbox; store: MemoryStore; sent: string[] } {
  const store = new MemoryStore();
  const sent: string[] = [];
  const box = new Outbox(store, (each) => {
    sent.push(each.key);
    return Promise.resolve(answers[each.key] ?? "done");
  });
  return { box, store, sent };
}

describe("the outbox", () => {
  it("sends in the order of writing, whatever the order of storing", async () => {
    const { box, store, sent } = outboxWith({});
    await store.put(note("late", 9));
    await store.put(note("early", 3));
    await box.load();
    await box.add(note("middle", 5));
    await box.flush();
    expect(sent).toEqual(["early", "middle", "late"]);
    expect([box.notes, store.kept.size]).toEqual([[], 0]);
  });

  it("stops at the first that cannot be sent and keeps the rest", async () => {
    const { box, store, sent } = outboxWith({ b: "lost" });
    for (const [index, key] of ["a", "b", "c"].entries()) await box.add(note(key, index));
    await box.flush();
    expect(sent).toEqual(["a", "b"]);
    expect([...store.kept.keys()]).toEqual(["b", "c"]);
  });

  it("keeps everything while signed out, and says so", async () => {
    const answers: Record<string, Sent> = { a: "signed-out" };
    const { box, store } = outboxWith(answers);
    await box.add(note("a", 1));
    await box.add(note("b", 2));
    await box.flush();
    expect([box.signedOut, store.kept.size]).toEqual([true, 2]);
    answers["a"] = "done";
    await box.flush();
    expect([box.signedOut, store.kept.size]).toEqual([false, 0]);
  });

  it("keeps what is refused with its reason, sends the others, and lets it be discarded", async () => {
    const { box, store } = outboxWith({ a: { refused: "Too long" } });
    await box.add(note("a", 1));
    await box.add(note("b", 2));
    await box.flush();
    expect([...store.kept.keys()]).toEqual(["a"]);
    expect(box.refusals.get("a")).toBe("Too long");
    await box.drop("a");
    expect([store.kept.size, box.refusals.size]).toEqual([0, 0]);
  });

  it("sends once when asked twice at the same time", async () => {
    const { box, sent } = outboxWith({});
    await box.add(note("a", 1));
    await Promise.all([box.flush(), box.flush()]);
    expect(sent).toEqual(["a"]);
  });

  it("tells when what waits has changed", async () => {
    const { box } = outboxWith({});
    const changed = vi.fn();
    box.addEventListener("change", changed);
    await box.add(note("a", 1));
    await box.flush();
    expect(changed.mock.calls.length).toBeGreaterThanOrEqual(2);
  });
});

describe("what an answer means", () => {
  it.each([
    [new Response("{}", { status: 200 }), "done"],
    [new Response("", { status: 503 }), "lost"],
    [new Response("", { status: 429 }), "lost"],
    [new Response("", { status: 401 }), "signed-out"],
    [new Response("", { status: 403 }), "signed-out"],
    [new Response('{"detail": "Write something."}', { status: 422 }), { refused: "Write something." }],
    [new Response("<html>", { status: 404 }), { refused: "The server did not take it." }],
  ])("%#", async (response, expected) => {
    expect(await meaning(response)).toEqual(expected);
  });

  it("takes a redirect for the sign-in page", async () => {
    const response = new Response("{}", { status: 200 });
    Object.defineProperty(response, "redirected", { value: true });
    expect(await meaning(response)).toBe("signed-out");
  });
});
