import { t } from "../lib/i18n.ts";

const SOON_SECONDS = 5 * 60;

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** 06:12, 1:06:12, 2 d 03:10. */
export function formatClock(totalSeconds: number): string {
  const seconds = Math.max(0, Math.floor(totalSeconds));
  const hours = Math.floor(seconds / 3600);
  if (hours >= 24) return `${String(Math.floor(hours / 24))} d ${two(hours % 24)}:${two(Math.floor((seconds % 3600) / 60))}`;
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return hours > 0 ? `${String(hours)}:${rest}` : rest;
}

/** 40 s, 47 min, 3 h 12 min, 2 d 4 h. */
export function formatDuration(totalSeconds: number): string {
  const seconds = Math.max(0, Math.floor(totalSeconds));
  if (seconds < 60) return t("{s} s", { s: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t("{m} min", { m: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return t("{h} h {m} min", { h: hours, m: minutes % 60 });
  return t("{d} d {h} h", { d: Math.floor(hours / 24), h: hours % 24 });
}

export type Urgency = "calm" | "soon" | "late";

export function urgencyOf(secondsLeft: number): Urgency {
  if (secondsLeft < 0) return "late";
  return secondsLeft <= SOON_SECONDS ? "soon" : "calm";
}

/** One timer for all clocks of the page. */
const ticking = new Set<{ tick(now: number): void }>();
let timer: ReturnType<typeof setInterval> | undefined;

function register(clock: { tick(now: number): void }): void {
  ticking.add(clock);
  timer ??= setInterval(() => {
    const now = Date.now();
    for (const each of ticking) each.tick(now);
  }, 1000);
}

function unregister(clock: { tick(now: number): void }): void {
  ticking.delete(clock);
  if (ticking.size === 0) {
    clearInterval(timer);
    timer = undefined;
  }
}

abstract class TickingElement extends HTMLElement {
  connectedCallback(): void {
    register(this);
    this.tick(Date.now());
  }

  disconnectedCallback(): void {
    unregister(this);
  }

  protected write(text: string): void {
    if (this.textContent !== text) this.textContent = text;
  }

  abstract tick(now: number): void;
}

/** `<wb-clock since="…" [until="…"] [format="words"]>`: how long it has been, or was. */
export class ClockElement extends TickingElement {
  tick(now: number): void {
    const since = Date.parse(this.getAttribute("since") ?? "");
    if (Number.isNaN(since)) return;
    const until = Date.parse(this.getAttribute("until") ?? "");
    const seconds = ((Number.isNaN(until) ? now : until) - since) / 1000;
    this.write(this.getAttribute("format") === "words" ? formatDuration(seconds) : formatClock(seconds));
  }
}

/** `<wb-countdown until="…">`: amber in the last five minutes, red and counting up when late. */
export class CountdownElement extends TickingElement {
  tick(now: number): void {
    const until = Date.parse(this.getAttribute("until") ?? "");
    if (Number.isNaN(until)) return;
    const left = Math.ceil((until - now) / 1000);
    const state = urgencyOf(left);
    if (this.dataset["state"] !== state) this.dataset["state"] = state;
    this.write(left < 0 ? t("{time} late", { time: formatClock(-left) }) : formatClock(left));
  }
}

customElements.define("wb-clock", ClockElement);
customElements.define("wb-countdown", CountdownElement);
