/** Topics that carry no identifier; every other one is `prefix:identifier`. */
const SINGLE = new Set(["feed", "me"]);

export interface Subscription {
  topic: string;
  after?: number;
}

/** `"incident:42:17 feed"` → incident:42 after 17, and feed from now on. */
export function parseTopics(source: string): Subscription[] {
  return source
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => {
      const parts = word.split(":");
      const size = SINGLE.has(parts[0] ?? "") ? 1 : 2;
      const topic = parts.slice(0, size).join(":");
      const after = Number(parts[size]);
      return parts.length > size && Number.isInteger(after) ? { topic, after } : { topic };
    });
}
