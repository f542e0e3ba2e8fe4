import { clockTime } from "../lib/times.ts";
import { dragged, percent, shareOf, swapAddress, withTimes, type Span } from "../lib/boardtime.ts";
import { t } from "../lib/i18n.ts";
import { openShiftMenu } from "../lib/shiftmenu.ts";

/** A press becomes a drag once it has moved so far. */
const SLACK_PX = 5;
const SVG = "http://www.w3.org/2000/svg";

interface Drag {
  track: SVGSVGElement;
  pointer: number;
  from: number;
  x: number;
  block: SVGAElement | null;
  shape: SVGRectElement | null;
  span: Span | null;
  target: SVGAElement | null;
}

/** Mon 3 Aug 09:00, in the reader's zone. */
export function momentText(at: number): string {
  const zone = document.body.dataset["zone"];
  const parts = new Intl.DateTimeFormat(document.documentElement.lang || undefined, {
    weekday: "short", day: "numeric", month: "short", ...(zone ? { timeZone: zone } : {}),
  }).formatToParts(at);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? "";
  return `${part("weekday")} ${part("day")} ${part("month")} ${clockTime(new Date(at))}`;
}

/** Opens a fragment as a dialog where htmx is there, the page itself where it is not. */
function openForm(address: string): void {
  if (window.htmx as typeof window.htmx | undefined) void window.htmx.ajax("get", address, { target: "#modal", swap: "innerHTML" });
  else location.assign(address);
}

/**
 * `<wb-board data-start data-end data-zone [data-cover-url]>` around a schedule's picture. A drag along the
 * final row opens the cover form with its times; a shift dragged by its handle onto somebody else's opens
 * the form for a swap. A shift that is chosen shows what the list below offers for it. Touch scrolls.
 */
export class BoardElement extends HTMLElement {
  private drag: Drag | null = null;
  private justDragged = false;

  connectedCallback(): void {
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel", "click", "dragstart"]) {
      this.addEventListener(type, this);
    }
    document.addEventListener("keydown", this);
    document.addEventListener("htmx:afterSettle", this);
    this.markMenus();
    this.showNow();
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this);
    document.removeEventListener("htmx:afterSettle", this);
  }

  handleEvent(event: Event): void {
    if (event instanceof KeyboardEvent) this.onKey(event);
    else if (event.type === "click") this.onClick(event as MouseEvent);
    else if (event.type === "htmx:afterSettle") this.markMenus();
    else if (event.type === "dragstart") event.preventDefault();
    else this.onPointer(event as PointerEvent);
  }

  private markMenus(): void {
    for (const link of this.querySelectorAll("a[data-shift]")) {
      if (this.rowOf(link)) link.setAttribute("aria-haspopup", "true");
    }
  }

  private get window(): Span {
    return { start: Date.parse(this.dataset["start"] ?? ""), end: Date.parse(this.dataset["end"] ?? "") };
  }

  private onPointer(event: PointerEvent): void {
    if (event.type === "pointerdown") this.press(event);
    else if (this.drag?.pointer !== event.pointerId) return;
    else if (event.type === "pointermove") this.move(this.drag, event);
    else if (event.type === "pointerup") this.drop(this.drag);
    else this.cancel();
  }

  private press(event: PointerEvent): void {
    this.justDragged = false;
    const target = event.target as Element;
    const track = target.closest<SVGSVGElement>("svg[data-final]");
    if (!track || event.button !== 0 || event.pointerType === "touch") return;
    const block = target.closest("[data-grip]")?.closest<SVGAElement>("a[data-ask]") ?? null;
    if (!block && !this.dataset["coverUrl"]) return;
    const { pointerId: pointer, clientX: x } = event;
    this.drag = { track, pointer, x, from: this.share(track, x), block, shape: null, span: null, target: null };
  }

  private move(drag: Drag, event: PointerEvent): void {
    if (!drag.shape) {
      if (Math.abs(event.clientX - drag.x) < SLACK_PX) return;
      drag.shape = this.shape(drag);
      this.dataset["dragging"] = "";
      if (typeof drag.track.setPointerCapture === "function") drag.track.setPointerCapture(drag.pointer);
    }
    if (drag.block) this.moveBlock(drag, drag.block, event);
    else this.stretch(drag, drag.shape, event.clientX);
  }

  private stretch(drag: Drag, shape: SVGRectElement, x: number): void {
    const span = dragged(drag.from, this.share(drag.track, x), this.window, this.dataset["zone"] ?? "UTC");
    drag.span = span;
    this.place(shape, span);
    this.say(t("{from} – {until}: let go to choose who covers, Escape to leave it", {
      from: momentText(span.start), until: momentText(span.end),
    }));
  }

  private moveBlock(drag: Drag, block: SVGAElement, event: PointerEvent): void {
    const span = this.spanOf(block);
    const shift = (this.share(drag.track, event.clientX) - drag.from) * (this.window.end - this.window.start);
    if (drag.shape) this.place(drag.shape, { start: span.start + shift, end: span.end + shift });
    const target = this.shiftAt(drag, event);
    if (drag.target !== target) {
      drag.target?.removeAttribute("data-target");
      target?.setAttribute("data-target", "");
      drag.target = target;
    }
    this.say(target
      ? t("Let go to propose a swap with {who}, {from} – {until}", {
        who: target.dataset["who"] ?? "", from: momentText(this.spanOf(target).start), until: momentText(this.spanOf(target).end),
      })
      : t("Drag it onto a coming shift of somebody else to swap, Escape to leave it"));
  }

  /** The shift under the pointer that could be had in return. */
  private shiftAt(drag: Drag, event: PointerEvent): SVGAElement | null {
    const share = this.share(drag.track, event.clientX);
    const at = this.window.start + share * (this.window.end - this.window.start);
    for (const link of drag.track.querySelectorAll<SVGAElement>("a[data-back]")) {
      const span = this.spanOf(link);
      if (span.start <= at && at < span.end) return this.personOf(link) === this.personOf(drag.block) ? null : link;
    }
    return null;
  }

  /** Whose shift it is: both the address to ask at and the value of a return name the person. */
  private personOf(link: SVGAElement | null): string {
    const ask = link?.dataset["ask"];
    if (ask) return new URL(ask, location.href).searchParams.get("user") ?? "";
    return link?.dataset["back"]?.split("|")[0] ?? "";
  }

  private drop(drag: Drag): void {
    const { block, target, span, shape } = drag;
    this.end();
    if (!shape) return;
    this.justDragged = true;
    if (block && target) location.assign(swapAddress(block.dataset["ask"] ?? "", target.dataset["back"] ?? ""));
    else if (!block && span) openForm(withTimes(this.dataset["coverUrl"] ?? "", span));
  }

  private cancel(): void {
    this.justDragged = this.drag?.shape !== null;
    this.end();
    this.say(t("Nothing was changed"));
  }

  private end(): void {
    this.drag?.shape?.remove();
    this.drag?.target?.removeAttribute("data-target");
    this.drag = null;
    delete this.dataset["dragging"];
    this.say("");
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.drag?.shape) return;
    event.preventDefault();
    this.cancel();
  }

  private onClick(event: MouseEvent): void {
    if (this.justDragged) {
      this.justDragged = false;
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest<SVGAElement>("a") : null;
    if (!link || !this.contains(link)) return;
    if (link.hasAttribute("data-gap")) {
      event.preventDefault();
      openForm(link.getAttribute("href") ?? "");
      return;
    }
    const row = this.rowOf(link);
    if (row) {
      event.preventDefault();
      openShiftMenu(this, link, row);
    }
  }

  /** The row of the list that has something to offer for this shift. */
  private rowOf(link: Element): HTMLElement | null {
    const row = document.getElementById((link.getAttribute("href") ?? "").replace("#", ""));
    return row?.querySelector(".shift-actions") ? row : null;
  }

  private spanOf(link: SVGAElement): Span {
    return { start: Date.parse(link.dataset["from"] ?? ""), end: Date.parse(link.dataset["to"] ?? "") };
  }

  private share(track: SVGSVGElement, x: number): number {
    const box = track.getBoundingClientRect();
    return (x - box.left) / (box.width || 1);
  }

  private shape(drag: Drag): SVGRectElement {
    const rect = document.createElementNS(SVG, "rect");
    rect.setAttribute("class", drag.block ? "board__ghost" : "board__selection");
    for (const [name, value] of [["y", "2"], ["height", "52"], ["rx", "4"]] as const) rect.setAttribute(name, value);
    drag.track.append(rect);
    return rect;
  }

  private place(shape: SVGRectElement, span: Span): void {
    const start = shareOf(span.start, this.window);
    shape.setAttribute("x", percent(start));
    shape.setAttribute("width", percent(shareOf(span.end, this.window) - start));
  }

  private say(text: string): void {
    const said = this.querySelector("output");
    if (said && said.textContent !== text) said.textContent = text;
  }

  /** Where the picture is wider than the screen, begin shortly before now. */
  private showNow(): void {
    const scroll = this.querySelector<HTMLElement>(".board__scroll");
    const now = this.querySelector("[data-now]");
    const track = now?.closest("svg");
    if (!scroll || !now || !track || scroll.scrollWidth <= scroll.clientWidth) return;
    const at = Number.parseFloat(now.getAttribute("x1") ?? "0") / 100;
    scroll.scrollLeft = at * track.getBoundingClientRect().width - scroll.clientWidth * 0.4;
  }
}

customElements.define("wb-board", BoardElement);
