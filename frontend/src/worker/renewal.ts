/** Where page and worker keep the proof that this browser is the one that subscribed. */
export const STORE = "watchbill-push";
export const TOKEN = "/push/token";

/** What `notifications.actions.push.renewal_token` made; "" when there is none. */
export async function readToken(caches: CacheStorage): Promise<string> {
  const found = await (await caches.open(STORE)).match(TOKEN);
  return found ? await found.text() : "";
}

export async function keepToken(caches: CacheStorage, token: string): Promise<void> {
  await (await caches.open(STORE)).put(TOKEN, new Response(token));
}

export interface Renewal {
  /** The subscription that takes the place of the lost one. */
  subscribe(): Promise<{ toJSON(): unknown }>;
  fetch(path: string, init: RequestInit): Promise<Response>;
  caches: CacheStorage;
}

/** The browser has exchanged its subscription: tell the server, which knows us by the token. */
export async function renew(around: Renewal): Promise<boolean> {
  const token = await readToken(around.caches);
  if (!token) return false;
  const subscription = await around.subscribe();
  const response = await around.fetch("/push/renew/", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ token, subscription: subscription.toJSON() }),
  });
  if (!response.ok) return false;
  const body = (await response.json()) as { token: string };
  await keepToken(around.caches, body.token);
  return true;
}
