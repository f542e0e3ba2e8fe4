import { expect, test, vi } from "vitest";
import { answer, answers, OFFLINE, PAGE, tidy } from "./offline.ts";
import { keepToken, readToken, renew } from "./renewal.ts";

/** Cache Storage as far as it is used here. */
class Stores {
  readonly kept = new Map<string, Map<string, Response>>();
  open(name: string): Promise<Cache> {
    const store = this.kept.get(name) ?? new Map<string, Response>();
    this.kept.set(name, store);
    return Promise.resolve({
      match: (key: string) => Promise.resolve(store.get(key)?.clone()),
      put: (key: string, value: Response) => { store.set(key, value); return Promise.resolve(); },
    } as unknown as Cache);
  }
  keys(): Promise<string[]> { return Promise.resolve([...this.kept.keys()]); }
  delete(name: string): Promise<boolean> { return Promise.resolve(this.kept.delete(name)); }
}

const stores = (): CacheStorage & Stores => new Stores() as unknown as CacheStorage & Stores;
const subscribe = () => Promise.resolve({ toJSON: () => ({ endpoint: "https://push.example/2" }) });

test("an exchanged subscription is told with the token, and the new token is kept", async () => {
  const caches = stores();
  await keepToken(caches, "old");
  const fetch = vi.fn().mockResolvedValue(new Response(JSON.stringify({ token: "new" })));
  expect(await renew({ subscribe, fetch, caches })).toBe(true);
  const [path, init] = fetch.mock.calls[0] as [string, RequestInit];
  expect([path, init.method, JSON.parse(String(init.body))]).toEqual([
    "/push/renew/", "POST", { token: "old", subscription: { endpoint: "https://push.example/2" } },
  ]);
  expect(await readToken(caches)).toBe("new");
});

test("without token nothing is subscribed, and a refusal keeps the old one", async () => {
  const fetch = vi.fn().mockResolvedValue(new Response("{}", { status: 404 }));
  expect(await renew({ subscribe, fetch, caches: stores() })).toBe(false);
  expect(fetch).not.toHaveBeenCalled();
  const caches = stores();
  await keepToken(caches, "old");
  expect([await renew({ subscribe, fetch, caches }), await readToken(caches)]).toEqual([false, "old"]);
});

test("the worker answers for whole pages of its own site alone", () => {
  const asked = (mode: string, url: string, method = "GET"): boolean => answers({ mode, url, method }, "https://w.example");
  expect(asked("navigate", "https://w.example/incidents/42/")).toBe(true);
  expect(asked("no-cors", "https://w.example/static/error.css")).toBe(true);
  expect(asked("cors", "https://w.example/api/v1/incidents/")).toBe(false);
  expect(asked("navigate", "https://w.example/incidents/42/acknowledge/", "POST")).toBe(false);
  expect(asked("navigate", "https://w.example.evil/")).toBe(false);
});

test("pages come from the network alone; without it the offline page", async () => {
  const caches = stores();
  await (await caches.open(OFFLINE)).put(PAGE, new Response("offline"));
  const request = { mode: "navigate" } as Request;
  const live = await answer(request, caches, () => Promise.resolve(new Response("live", { status: 500 })));
  expect([await live.text(), live.status]).toEqual(["live", 500]);
  const lost = await answer(request, caches, () => Promise.reject(new TypeError("network")));
  expect(await lost.text()).toBe("offline");
  expect([...caches.kept.get(OFFLINE)?.keys() ?? []]).toEqual([PAGE]);
});

test("what earlier versions kept goes, the token stays", async () => {
  const caches = stores();
  await keepToken(caches, "t");
  await caches.open("watchbill-offline-0");
  await caches.open(OFFLINE);
  await tidy(caches);
  expect(await caches.keys()).toEqual(["watchbill-push", OFFLINE]);
});
