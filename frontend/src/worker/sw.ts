/// <reference lib="webworker" />
import { answer, answers, install, tidy } from "./offline.ts";
import { clicked, pushed } from "./pages.ts";
import type { Surroundings } from "./pages.ts";
import { renew } from "./renewal.ts";

declare const self: ServiceWorkerGlobalScope;

const around: Surroundings = {
  show: (title, options) => self.registration.showNotification(title, options),
  fetch: (path, init) => fetch(path, init),
  pause: (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); }),
  open: async (path) => {
    const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const there = windows.find((client) => new URL(client.url).pathname === path);
    if (there) await there.focus();
    else await self.clients.openWindow(path);
  },
};

self.addEventListener("install", (event) => {
  event.waitUntil(install(caches).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(tidy(caches).then(() => self.clients.claim()));
});

self.addEventListener("push", (event) => {
  event.waitUntil(pushed(event.data?.text(), around));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(clicked(event.action, event.notification.data, around));
});

self.addEventListener("pushsubscriptionchange", (event) => {
  const change = event as ExtendableEvent & { newSubscription?: PushSubscription; oldSubscription?: PushSubscription };
  const subscribe = async (): Promise<PushSubscription> => {
    const there = change.newSubscription ?? (await self.registration.pushManager.getSubscription());
    if (there) return there;
    const key = change.oldSubscription?.options.applicationServerKey ?? (await serverKey());
    return self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  };
  change.waitUntil(renew({ subscribe, fetch: around.fetch, caches }));
});

/** The installation's public key, for browsers that do not say what they were subscribed with. */
async function serverKey(): Promise<string> {
  const response = await fetch("/push/key/");
  return ((await response.json()) as { key: string }).key;
}

self.addEventListener("fetch", (event) => {
  if (answers(event.request, self.location.origin)) {
    event.respondWith(answer(event.request, caches, (request) => fetch(request)));
  }
});
