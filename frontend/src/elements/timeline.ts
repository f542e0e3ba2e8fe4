import { htmx } from "../lib/htmx.ts";
import { isAway } from "../live/targets.ts";
import { connection, type LiveEntry } from "../live/connection.ts";

const SOONEST_MS = 250;
const SPREAD_MS = 600;
const LEAST_ZOOM = 0.01;

/** Links to change an entry wait hidden on rows that came live; they are for its author. */
export function own(root: ParentNode, viewer: string): void {
  for (const link of root.querySelectorAll<HTMLElement>(`.tl-link[data-author="${CSS.escape(viewer)}"][hidden]`)) link.hidden = false;
}

/**
 * `<wb-timeline topic src viewer>` around the list. A row that arrives is put on top at once; a moment later the
 * timeline is read anew, so that folds, heads, counts and order are those of a fresh page. Readers who have
 * scrolled away, or are in the middle of something in it, are left alone until they come back.
 */
export class TimelineElement extends HTMLElement {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = false;
  private readonly onLive = (event: Event): void => {
    const entry = (event as CustomEvent<LiveEntry>).detail;
    if (entry.topic === this.getAttribute("topic") && entry.event.startsWith("timeline.")) this.plan();
  };
  private lost = false;
  /** What was edited while the connection was away is not said again. */
  private readonly onState = (): void => {
    const { state } = connection();
    if (state === "live" && this.lost) this.plan();
    this.lost = state === "reconnecting" || state === "stale";
  };
  private readonly onWritten = (): void => { this.plan(); };
  private readonly onBack = (): void => { if (this.due && !this.timer) this.plan(); };

  connectedCallback(): void {
    document.addEventListener("wb:live", this.onLive);
    connection().addEventListener("state", this.onState);
    document.addEventListener("wb:written", this.onWritten);
    document.addEventListener("visibilitychange", this.onBack);
    window.addEventListener("scroll", this.onBack, { passive: true });
    this.reveal();
    new MutationObserver(() => { this.reveal(); }).observe(this, { childList: true, subtree: true });
  }

  disconnectedCallback(): void {
    document.removeEventListener("wb:live", this.onLive);
    connection().removeEventListener("state", this.onState);
    document.removeEventListener("wb:written", this.onWritten);
    document.removeEventListener("visibilitychange", this.onBack);
    window.removeEventListener("scroll", this.onBack);
    clearTimeout(this.timer);
  }

  private reveal(): void {
    own(this, this.getAttribute("viewer") ?? "");
  }

  private plan(): void {
    this.due = true;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (this.isConnected && !this.isBusy()) this.refresh();
    }, SOONEST_MS + Math.random() * SPREAD_MS);
  }

  private isBusy(): boolean {
    const list = this.querySelector<HTMLElement>("#timeline-rows");
    const card = this.closest("#timeline");
    if (document.hidden || !list || !card) return true;
    const active = document.activeElement;
    const typing = active instanceof HTMLInputElement && card.contains(active);
    return typing || card.querySelector("details.menu[open]") !== null || (list.dataset["liveInsert"] !== undefined && isAway(list, "prepend"));
  }

  private refresh(): void {
    const card = this.closest<HTMLElement>("#timeline");
    if (!card) return;
    this.due = false;
    void htmx.ajax("get", this.getAttribute("src") ?? "", { target: card, source: card, swap: "morph:outerHTML" as "outerHTML" });
  }
}

/** The moments between two places (0 to 1) of a stretch of time, in order. */
export function stretch(since: number, until: number, from: number, to: number): [Date, Date] {
  const at = (share: number): Date => new Date(since + Math.min(Math.max(share, 0), 1) * (until - since));
  return [at(Math.min(from, to)), at(Math.max(from, to))];
}

/** `<wb-timeline-bar since until>`: drag over the overview to see that stretch alone. Its ticks are links. */
export class TimelineBarElement extends HTMLElement {
  private from: number | undefined;

  connectedCallback(): void {
    this.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType === "touch") return;
      this.from = this.share(event);
    });
    this.addEventListener("pointermove", (event) => {
      if (this.from === undefined) return;
      event.preventDefault();
      this.mark(this.from, this.share(event));
    });
    this.addEventListener("dragstart", (event) => { event.preventDefault(); });
    window.addEventListener("pointerup", (event) => { this.end(event); });
  }

  private get picture(): SVGSVGElement | null { return this.querySelector("svg"); }

  private share(event: PointerEvent): number {
    const box = this.picture?.getBoundingClientRect();
    return box && box.width > 0 ? (event.clientX - box.left) / box.width : 0;
  }

  private mark(from: number, to: number): void {
    const picture = this.picture;
    if (!picture) return;
    let mark = picture.querySelector(".tl-bar__mark");
    if (!mark) {
      mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      mark.setAttribute("class", "tl-bar__mark");
      mark.setAttribute("y", "0");
      mark.setAttribute("height", "40");
      picture.append(mark);
    }
    mark.setAttribute("x", String(Math.min(from, to) * 1000));
    mark.setAttribute("width", String(Math.abs(to - from) * 1000));
  }

  private end(event: PointerEvent): void {
    const from = this.from;
    this.from = undefined;
    if (from === undefined) return;
    const to = this.share(event);
    if (Math.abs(to - from) < LEAST_ZOOM) {
      this.picture?.querySelector(".tl-bar__mark")?.remove();
      return;
    }
    const ends = ["since", "until"].map((name) => Date.parse(this.getAttribute(name) ?? ""));
    const [begin, until] = stretch(ends[0] ?? 0, ends[1] ?? 0, from, to);
    const query = new URLSearchParams(location.search);
    query.delete("at");
    query.set("from", begin.toISOString());
    query.set("to", until.toISOString());
    location.assign(`${location.pathname}?${query.toString()}#timeline`);
  }
}

customElements.define("wb-timeline", TimelineElement);
customElements.define("wb-timeline-bar", TimelineBarElement);
