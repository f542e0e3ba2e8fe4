/** What the server sends (notifications/transports/push/message.py). */
export interface PagePayload {
  title: string;
  body: string;
  url: string;
  tag: string;
  urgency: string;
  acknowledge: string;
  decline: string;
  delivery: number;
  timestamp: string;
  icon: string;
  badge: string;
  words: { acknowledge: string; decline: string; failed: string };
}

/** `NotificationOptions` with what browsers have and the types do not. */
export interface PageOptions extends NotificationOptions {
  actions?: { action: string; title: string }[];
  renotify?: boolean;
  timestamp?: number;
  vibrate?: number[];
}

const EMPTY: PagePayload = {
  title: "Watchbill",
  body: "",
  url: "/",
  tag: "watchbill",
  urgency: "high",
  acknowledge: "",
  decline: "",
  delivery: 0,
  timestamp: "",
  icon: "",
  badge: "",
  words: { acknowledge: "Acknowledge", decline: "Can't take it", failed: "Not sent, tap to open" },
};
const VIBRATION = [400, 150, 400, 150, 400, 600, 400, 150, 400];

/** A message that cannot be read still becomes a notification: something happened, and it leads to Now. */
export function readPayload(text: string | undefined): PagePayload {
  try {
    const value: unknown = JSON.parse(text ?? "");
    if (typeof value !== "object" || value === null) return EMPTY;
    const found = value as Partial<PagePayload>;
    return { ...EMPTY, ...found, words: { ...EMPTY.words, ...found.words } };
  } catch {
    return EMPTY;
  }
}

/** A path of our own origin; anything else leads to Now. */
export function ownPath(path: unknown): string {
  return typeof path === "string" && /^\/(?![/\\])/.test(path) ? path : "/";
}

export function optionsOf(page: PagePayload): PageOptions {
  const high = page.urgency === "high";
  const at = Date.parse(page.timestamp);
  return {
    body: page.body,
    tag: page.tag,
    renotify: true,
    requireInteraction: high,
    vibrate: high ? VIBRATION : [200],
    data: page,
    actions: page.acknowledge
      ? [
          { action: "acknowledge", title: page.words.acknowledge },
          { action: "decline", title: page.words.decline },
        ]
      : [],
    ...(page.icon ? { icon: page.icon } : {}),
    ...(page.badge ? { badge: page.badge } : {}),
    ...(Number.isNaN(at) ? {} : { timestamp: at }),
  };
}
