import cytoscape, { type Core, type EventObject, type NodeSingular } from "cytoscape";
import { stylesheet } from "./appearance.ts";
import { Layouter } from "./layout.ts";
import type { Scene } from "./scene.ts";
import { elementsOf, type Look } from "./shapes.ts";

const ZOOM_STEP = 1.25;
const LEAST_ZOOM = 0.05;
const MOST_ZOOM = 2.5;
const READABLE = 0.62;
const MARGIN = 28;
const MOVE_MS = 140;
const PULSE_MS = 900;
/** Cytoscape would write a style element, which the content security policy forbids; it looks for this first. */
const STYLE_MARK = "__________cytoscape_stylesheet";

export interface Handlers {
  onService(slug: string): void;
  onGroup(key: string): void;
  onNothing(): void;
}

export type Direction = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

/** The canvas: draws a scene, marks what is chosen, moves and zooms. */
export class Drawing {
  private readonly cy: Core;
  private readonly layouter = new Layouter();
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");
  private scene: Scene | undefined;
  private pulse: ReturnType<typeof setInterval> | undefined;
  /** Nobody has moved the picture since it was fitted. */
  private fitted = false;

  constructor(stage: HTMLElement, handlers: Handlers) {
    if (!document.getElementById(STYLE_MARK)) {
      const mark = document.createElement("span");
      mark.id = STYLE_MARK;
      mark.hidden = true;
      document.body.append(mark);
    }
    this.cy = cytoscape({
      container: stage, minZoom: LEAST_ZOOM, maxZoom: MOST_ZOOM, autoungrabify: true, autounselectify: true, boxSelectionEnabled: false,
      pixelRatio: Math.min(2, window.devicePixelRatio || 1),
    });
    this.cy.on("tap", (event: EventObject) => {
      if (event.target === this.cy) handlers.onNothing();
    });
    this.cy.on("tap", "node.service", (event: EventObject) => { handlers.onService((event.target as NodeSingular).id()); });
    this.cy.on("tap", "node.group", (event: EventObject) => {
      handlers.onGroup((event.target as NodeSingular).id().slice("group:".length));
    });
    this.cy.on("scrollzoom dragpan pinchzoom", () => { this.fitted = false; });
    this.cy.on("mouseover mouseout", "node.service, node.group", (event: EventObject) => {
      stage.classList.toggle("is-over", event.type === "mouseover");
    });
  }

  /** Lays out and draws; false when a newer scene came in between. */
  async show(scene: Scene, look: Look, fit: boolean): Promise<boolean> {
    const placed = await this.layouter.place(scene);
    if (!placed) return false;
    this.scene = scene;
    this.cy.batch(() => {
      this.cy.elements().remove();
      this.cy.style(stylesheet(look.theme));
      this.cy.add(elementsOf(scene, placed, look));
    });
    if (fit) this.fit(true);
    this.beat();
    return true;
  }

  /** Marks the chosen service and what it touches, or the chain; everything else steps back. */
  mark(slug: string): void {
    const chain = this.scene?.chain ?? [];
    this.cy.batch(() => {
      this.cy.elements(".chosen, .pale, .near").removeClass("chosen pale near");
      const chosen = this.cy.getElementById(slug);
      chosen.addClass("chosen");
      this.cy.nodes(".failing").stop(true).removeStyle();
      if (chain.length > 1) {
        const kept = new Set(chain.flatMap((id) => [id, `chip:${id}`]));
        this.cy.nodes(".service, .group, .chip").filter((node) => !kept.has(node.id())).addClass("pale");
        this.cy.edges().not(".chain").addClass("pale");
      } else if (chosen.nonempty()) {
        chosen.connectedEdges().addClass("near");
        this.cy.edges().not(".near").addClass("pale");
      }
    });
  }

  fit(readable = false): void {
    this.cy.stop();
    this.cy.resize();
    this.fitted = true;
    if (this.cy.elements().empty()) return;
    this.cy.fit(undefined, MARGIN);
    if (this.cy.zoom() > 1) {
      this.cy.zoom(1);
      this.cy.center();
    }
    if (!readable || this.cy.zoom() >= READABLE) return;
    const troubled = this.cy.nodes(".failing");
    this.cy.zoom(READABLE);
    this.cy.center(troubled.nonempty() ? troubled.first() : this.cy.elements());
    this.keepInside();
  }

  zoomBy(direction: 1 | -1): void {
    this.zoomTo(this.cy.zoom() * (direction > 0 ? ZOOM_STEP : 1 / ZOOM_STEP));
  }

  has(slug: string): boolean {
    return this.cy.getElementById(slug).nonempty();
  }

  /** Brings services into the part of the stage that is free: all but `covered` pixels from below. */
  reveal(slugs: readonly string[], covered = 0): void {
    const found = this.cy.nodes().filter((node) => slugs.includes(node.id()));
    if (found.empty()) return;
    const [width, height] = [this.cy.width(), this.cy.height() - covered];
    const box = found.renderedBoundingBox({ includeUnderlays: false });
    const zoom = this.cy.zoom();
    if (box.x1 > 0 && box.y1 > 0 && box.x2 < width && box.y2 < height && zoom >= READABLE) return;
    const [wide, high] = [(box.x2 - box.x1) / zoom, (box.y2 - box.y1) / zoom];
    const level = Math.min(Math.max(READABLE, Math.min(1, zoom)), (width - 2 * MARGIN) / wide, (height - 2 * MARGIN) / high);
    const middle = found.boundingBox({ includeUnderlays: false });
    this.fitted = false;
    this.move({
      zoom: level,
      pan: { x: width / 2 - (middle.x1 + middle.x2) / 2 * level, y: height / 2 - (middle.y1 + middle.y2) / 2 * level },
    });
  }

  /** The box an arrow key leads to: along lines to the left and right, else the nearest on that side. */
  neighbour(from: string, direction: Direction): string | undefined {
    const here = this.cy.getElementById(from);
    const boxes = this.cy.nodes(".service, .group");
    if (here.empty()) return this.entry();
    const { x, y } = here.position();
    const across = direction === "ArrowLeft" || direction === "ArrowRight";
    const sign = direction === "ArrowLeft" || direction === "ArrowUp" ? -1 : 1;
    const linked = direction === "ArrowLeft" ? here.incomers("node") : here.outgoers("node");
    const pool = across && linked.nonempty() ? linked : boxes;
    let best: { id: string; cost: number } | undefined;
    pool.forEach((node) => {
      const [dx, dy] = [node.position("x") - x, node.position("y") - y];
      const [along, beside] = across ? [dx * sign, Math.abs(dy)] : [dy * sign, Math.abs(dx)];
      if (node.id() === from || (along <= 0 && pool === boxes)) return;
      const cost = Math.abs(along) + beside * (across ? 1 : 4);
      if (!best || cost < best.cost) best = { id: node.id(), cost };
    });
    return best?.id;
  }

  /** Where the keyboard begins: what fails, else the first on the left. */
  entry(): string | undefined {
    const failing = this.cy.nodes(".service.failing, .group.failing");
    if (failing.nonempty()) return failing.first().id();
    return this.cy.nodes(".service, .group").sort((a, b) => a.position("x") - b.position("x") || a.position("y") - b.position("y")).first().id();
  }

  resize(): void {
    if (this.fitted) this.fit(true);
    else this.cy.resize();
  }

  /** Where a box stands in the stage, in pixels: for pointers of tests and of assistive tools. */
  placeOf(slug: string): { x: number; y: number } | undefined {
    const node = this.cy.getElementById(slug);
    return node.nonempty() ? (node as NodeSingular).renderedPosition() : undefined;
  }

  destroy(): void {
    clearInterval(this.pulse);
    this.layouter.stop();
    this.cy.destroy();
  }

  private zoomTo(level: number): void {
    this.fitted = false;
    this.cy.zoom({ level, renderedPosition: { x: this.cy.width() / 2, y: this.cy.height() / 2 } });
  }

  private move(target: cytoscape.AnimationOptions): void {
    this.cy.stop();
    this.cy.animate({ ...target, duration: this.still.matches ? 0 : MOVE_MS } as cytoscape.AnimateOptions);
  }

  /** A picture larger than the stage leaves no empty edge where it could fill it. */
  private keepInside(): void {
    const box = this.cy.elements().renderedBoundingBox();
    const shift = (low: number, high: number, room: number): number => {
      if (high - low <= room) return (room - low - high) / 2;
      return low > 0 ? -low + MARGIN : high < room ? room - high - MARGIN : 0;
    };
    this.cy.panBy({ x: shift(box.x1, box.x2, this.cy.width()), y: shift(box.y1, box.y2, this.cy.height()) });
  }

  /** What fails pulses, where motion is welcome. */
  private beat(): void {
    clearInterval(this.pulse);
    if (this.still.matches || this.cy.nodes(".failing").empty()) return;
    let large = false;
    this.pulse = setInterval(() => {
      if (document.hidden) return;
      large = !large;
      const style = large ? { "underlay-padding": 13, "underlay-opacity": 0.1 } : { "underlay-padding": 6, "underlay-opacity": 0.3 };
      this.cy.nodes(".failing").not(".pale").animate({ style, duration: PULSE_MS - 50, easing: "ease-in-out" } as cytoscape.AnimateOptions);
    }, PULSE_MS);
  }
}
