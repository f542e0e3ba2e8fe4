/** Nothing is served from a store but the page that says so: old news about an incident misleads. */
export const OFFLINE = "watchbill-offline-1";
export const PAGE = "/static/offline.html";
const STYLES = "/static/error.css";

export async function install(caches: CacheStorage): Promise<void> {
  await (await caches.open(OFFLINE)).addAll([PAGE, STYLES]);
}

/** Removes what earlier versions kept. */
export async function tidy(caches: CacheStorage): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith("watchbill-offline-") && name !== OFFLINE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

export interface Asked {
  mode: string;
  method: string;
  url: string;
}

/** Whether the worker answers: whole pages, and the styles of its own page. */
export function answers(request: Asked, origin: string): boolean {
  if (request.method !== "GET" || !request.url.startsWith(`${origin}/`)) return false;
  return request.mode === "navigate" || new URL(request.url).pathname === STYLES;
}

/** From the network always; without network the offline page. */
export async function answer(
  request: Request,
  caches: CacheStorage,
  fetcher: (request: Request) => Promise<Response>,
): Promise<Response> {
  try {
    return await fetcher(request);
  } catch (error) {
    const found = await (await caches.open(OFFLINE)).match(request.mode === "navigate" ? PAGE : STYLES);
    if (found) return found;
    throw error;
  }
}
