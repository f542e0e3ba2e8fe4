import { fragmentOf, icon } from "../lib/dom.ts";
import { htmx } from "../lib/htmx.ts";
import { t } from "../lib/i18n.ts";
import { localise } from "../lib/times.ts";
import { isEdited, type LiveEntry } from "./connection.ts";

type Position = "prepend" | "append" | "replace";

const REFRESH_MS = 150;
const BUSY_MS = 2_000;
const OVERDUE_MS = 15_000;
const waiting = new WeakMap<HTMLElement, DocumentFragment[]>();
const refreshing = new WeakMap<HTMLElement, ReturnType<typeof setTimeout>>();

function wants(element: HTMLElement, entry: LiveEntry): boolean {
  const topic = element.dataset["liveTopic"];
  if (topic !== undefined && topic !== entry.topic) return false;
  const events = element.dataset["liveOn"];
  return events === undefined || events.split(/\s+/).includes(entry.event);
}

/** Exchanges rows that are there; what an older page shows of them stays out of this one. */
function exchange(target: HTMLElement, rows: DocumentFragment): void {
  for (const row of [...rows.children]) {
    const known = row.id ? document.getElementById(row.id) : null;
    if (!known || !target.contains(known)) continue;
    known.replaceWith(row);
    htmx.process(row);
  }
}

/** Puts rows in place; a row that is already there (same id) is exchanged, so a repeated entry is harmless. */
export function insert(target: HTMLElement, rows: DocumentFragment, position: Position): void {
  const fresh: Element[] = [];
  for (const row of [...rows.children]) {
    const known = row.id ? document.getElementById(row.id) : null;
    if (known && target.contains(known)) known.replaceWith(row);
    else fresh.push(row);
    row.classList.add("is-new");
    row.addEventListener("animationend", () => { row.classList.remove("is-new"); }, { once: true });
    htmx.process(row);
  }
  if (position === "replace") target.replaceChildren(...fresh);
  else if (position === "prepend") target.prepend(...fresh);
  else target.append(...fresh);
}

/** The reader is away from where rows appear when that edge has left the screen. */
export function isAway(target: HTMLElement, position: Position): boolean {
  const box = target.getBoundingClientRect();
  if (position === "prepend") return box.top < -8;
  if (position === "append") return box.bottom > window.innerHeight + 240;
  return false;
}

function pillOf(target: HTMLElement): HTMLButtonElement | null {
  const before = target.previousElementSibling;
  return before instanceof HTMLButtonElement && before.classList.contains("pill-new") ? before : null;
}

function flush(target: HTMLElement, position: Position): void {
  for (const rows of waiting.get(target) ?? []) insert(target, rows, position);
  waiting.delete(target);
  pillOf(target)?.remove();
}

function hold(target: HTMLElement, rows: DocumentFragment, position: Position): void {
  const held = waiting.get(target) ?? [];
  held.push(rows);
  waiting.set(target, held);
  let pill = pillOf(target);
  if (!pill) {
    pill = document.createElement("button");
    pill.type = "button";
    pill.className = "pill-new";
    pill.addEventListener("click", () => {
      flush(target, position);
      const row = position === "prepend" ? target.firstElementChild : target.lastElementChild;
      row?.scrollIntoView({ block: "center" });
    });
    target.before(pill);
  }
  const count = held.reduce((sum, each) => sum + each.childElementCount, 0);
  pill.replaceChildren(icon(position === "prepend" ? "arrow-up" : "arrow-down"), t("{n} new", { n: count }));
}

/** Somebody is in the middle of something there that a refresh would take away. */
function isBusy(element: HTMLElement): boolean {
  if (element.querySelector("dialog[open], [data-dragging], [aria-expanded='true']")) return true;
  const active = document.activeElement;
  return active !== null && element.contains(active) && active.matches("input, select, textarea");
}

function refresh(element: HTMLElement, wait = REFRESH_MS): void {
  clearTimeout(refreshing.get(element));
  refreshing.set(
    element,
    setTimeout(() => {
      if (!element.isConnected) return;
      if (isBusy(element)) {
        refresh(element, BUSY_MS);
        return;
      }
      const { liveRefresh: url = "", liveSwap = "morph:outerHTML", liveSelect: select } = element.dataset;
      const swap = liveSwap as "outerHTML";
      void htmx.ajax("get", url, { target: element, source: element, swap, ...(select ? { select } : {}) });
    }, wait),
  );
}

/** What is true only until an instant (`data-live-until`) is read anew once it has passed. */
export function refreshOverdue(now = Date.now()): void {
  if (document.hidden) return;
  for (const element of document.querySelectorAll<HTMLElement>("[data-live-until]")) {
    if (Date.parse(element.dataset["liveUntil"] ?? "") <= now) refresh(element);
  }
}

export function apply(entry: LiveEntry): void {
  if (entry.html) {
    for (const target of document.querySelectorAll<HTMLElement>("[data-live-insert]")) {
      if (!wants(target, entry)) continue;
      const position = target.dataset["liveInsert"] as Position;
      const rows = fragmentOf(entry.html);
      localise(rows);
      if (isEdited(entry)) {
        exchange(target, rows);
        continue;
      }
      if (position !== "replace" && isAway(target, position)) hold(target, rows, position);
      else insert(target, rows, position);
    }
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-live-refresh]")) {
    if (wants(element, entry)) refresh(element);
  }
}

setInterval(refreshOverdue, OVERDUE_MS);
document.addEventListener("visibilitychange", () => { refreshOverdue(); });
document.addEventListener("wb:live", (event) => { apply((event as CustomEvent<LiveEntry>).detail); });

let scheduled = false;
window.addEventListener(
  "scroll",
  () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      for (const pill of document.querySelectorAll(".pill-new")) {
        const target = pill.nextElementSibling;
        if (!(target instanceof HTMLElement)) continue;
        const position = target.dataset["liveInsert"] as Position;
        if (!isAway(target, position)) flush(target, position);
      }
    });
  },
  { passive: true },
);
