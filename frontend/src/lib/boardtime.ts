/** Time on a schedule's picture: instants are milliseconds, places are shares of the window from 0 to 1. */
export const STEP_MINUTES = 15;
const MINUTE = 60_000;

export interface Span {
  start: number;
  end: number;
}

/** How far a zone's wall clock is ahead of UTC at an instant, in milliseconds. */
export function zoneOffset(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric", second: "numeric",
  }).formatToParts(at);
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
  const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return wall - Math.floor(at / 1000) * 1000;
}

/** The nearest instant whose wall time in the zone is a whole number of steps. */
export function snap(at: number, zone: string, minutes = STEP_MINUTES): number {
  const offset = zoneOffset(at, zone);
  const step = minutes * MINUTE;
  return Math.round((at + offset) / step) * step - offset;
}

export function instantAt(share: number, window: Span): number {
  return window.start + Math.min(1, Math.max(0, share)) * (window.end - window.start);
}

export function shareOf(at: number, window: Span): number {
  return Math.min(1, Math.max(0, (at - window.start) / (window.end - window.start)));
}

/** The stretch between two places, snapped, inside the window, and never shorter than a step. */
export function dragged(from: number, to: number, window: Span, zone: string): Span {
  const [low, high] = from <= to ? [from, to] : [to, from];
  const step = STEP_MINUTES * MINUTE;
  const start = Math.max(window.start, Math.min(snap(instantAt(low, window), zone), window.end - step));
  return { start, end: Math.max(start + step, Math.min(snap(instantAt(high, window), zone), window.end)) };
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}

/** 2026-11-20T09:15:00Z */
export function iso(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/u, "Z");
}

export function withTimes(address: string, span: Span): string {
  return `${address}?starts_at=${encodeURIComponent(iso(span.start))}&ends_at=${encodeURIComponent(iso(span.end))}`;
}

/** The address of the form for a swap of one shift for another. */
export function swapAddress(ask: string, back: string): string {
  return `${ask}${ask.includes("?") ? "&" : "?"}back=${encodeURIComponent(back)}`;
}
