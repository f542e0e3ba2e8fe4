import { t } from "../lib/i18n.ts";
import { Drawing, type Direction } from "./drawing.ts";
import { fillPanel } from "./panel.ts";
import { buildScene, type Scene } from "./scene.ts";
import { SearchField } from "./search.ts";
import { Source } from "./source.ts";
import { loadIcons, onThemeChange, readTheme } from "./theme.ts";
import { Toolbar } from "./toolbar.ts";
import { parseView, queryOf, type View } from "./view.ts";
import { servicesWord, stateSentence, wordsOf } from "./words.ts";

const GROUP = "group:";

/**
 * `<wb-map data-graph data-state>` with a stage, a panel and notes inside; the toolbar stands before it. For tests
 * and scripts of one's own: `data-ready` once a picture stands, `data-nodes`, `data-lines`, `data-hidden`, `data-folded`,
 * `data-selected` (slug), `data-chain` (slugs), and `placeOf(slug)`.
 */
export class MapElement extends HTMLElement {
  private view: View = parseView(location.search);
  private readonly words = wordsOf(document.getElementById("map-words")?.textContent);
  private readonly source = new Source(
    this.dataset["graph"] ?? "", this.dataset["state"] ?? "", () => void this.render(false),
  );

  private drawing: Drawing | undefined;
  private toolbar: Toolbar | undefined;
  private search: SearchField | undefined;
  private icons = new Map<string, string>();
  private cursor = "";
  private scene: Scene | undefined;
  private readonly undo: (() => void)[] = [];

  connectedCallback(): void {
    void this.start().catch(() => {
      this.note(t("The map could not be loaded. The list says the same."));
      this.dataset["failed"] = "";
    });
  }

  disconnectedCallback(): void {
    for (const each of this.undo.splice(0)) each();
    this.source.stop();
    this.drawing?.destroy();
  }

  /** Where a service stands in the stage, in pixels. */
  placeOf(slug: string): { x: number; y: number } | undefined {
    return this.drawing?.placeOf(slug);
  }

  private async start(): Promise<void> {
    const [icons] = await Promise.all([
      loadIcons(document.body.dataset["sprite"] ?? ""), this.source.load(), document.fonts.load("500 13px 'Inter Variable'").catch(() => []),
    ]);
    this.icons = icons;
    this.drawing = new Drawing(this.stage, {
      onService: (slug) => { this.choose(slug); },
      onGroup: (key) => { this.unfold(key); },
      onNothing: () => { this.clear(); },
    });
    this.wire();
    this.source.listen();
    await this.render(true);
    if (this.view.at) this.choose(this.view.at);
  }

  private wire(): void {
    const bar = document.querySelector<HTMLElement>("[data-map-toolbar]");
    if (bar) this.toolbar = new Toolbar(bar, (change) => { this.apply(change(this.view)); });
    const input = document.querySelector<HTMLInputElement>("#map-q");
    const list = document.getElementById("map-suggestions");
    if (input && list) {
      this.search = new SearchField(
        input, list, () => this.source.graph, this.words, (slug) => { this.go(slug, true); },
        (q) => { if (q !== this.view.q) this.apply({ ...this.view, q }); },
      );
    }
    this.stage.addEventListener("keydown", (event) => { this.onKey(event); });
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.clear();
      this.stage.focus();
    });
    this.addEventListener("click", (event) => {
      const zoom = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-zoom]")?.dataset["zoom"] : undefined;
      if (zoom) this.zoom(zoom);
    });
    const onBack = (): void => { this.apply(parseView(location.search), "none"); };
    window.addEventListener("popstate", onBack);
    const sizes = new ResizeObserver(() => this.drawing?.resize());
    sizes.observe(this.stage);
    this.undo.push(() => { window.removeEventListener("popstate", onBack); }, () => { sizes.disconnect(); });
    this.undo.push(onThemeChange(() => void this.render(false)));
  }

  private get stage(): HTMLElement {
    return this.querySelector(".map__stage") as HTMLElement;
  }

  private get panel(): HTMLElement {
    return this.querySelector(".map-panel") as HTMLElement;
  }

  /** Shows another view; "push" makes it a step of the history. */
  private apply(view: View, history: "push" | "replace" | "none" = "push"): void {
    this.view = view;
    this.remember(history);
    void this.render(true).then(() => { this.showChosen(); });
  }

  private remember(history: "push" | "replace" | "none"): void {
    const address = queryOf(this.view);
    if (history === "push") window.history.pushState(null, "", address);
    else if (history === "replace") window.history.replaceState(null, "", address);
  }

  private async render(fit: boolean): Promise<void> {
    const { graph, states } = this.source;
    if (this.view.focus && graph.place(this.view.focus) === undefined) this.view = { ...this.view, focus: "", at: "" };
    if (graph.place(this.view.at) === undefined) this.view.at = "";
    delete this.dataset["ready"];
    const scene = buildScene(graph, states, this.view);
    this.toolbar?.show(this.view, this.nameOf(this.view.focus), (key) => this.groupName(key));
    if (this.search) this.search.value = this.view.q;
    this.dataset["busy"] = "";
    const look = { theme: readTheme(this), icons: this.icons, words: this.words, teams: graph.data.teams };
    const shown = await this.drawing?.show(scene, look, fit);
    if (!shown) return;
    this.scene = scene;
    this.drawing?.mark(this.cursor || this.view.at);
    this.tell(scene);
    if (!this.panel.hidden) this.fill();
  }

  private tell(scene: Scene): void {
    delete this.dataset["busy"];
    Object.assign(this.dataset, {
      ready: "", nodes: String(scene.boxes.length), lines: String(scene.lines.length), hidden: String(scene.hidden),
      folded: scene.folded, chain: scene.chain.join(" "), selected: this.view.at,
    });
    const parts: string[] = [];
    if (scene.boxes.length === 0) parts.push(t("No service fits these filters."));
    else if (scene.folded) {
      const groups = scene.boxes.filter((box) => box.type === "group").length;
      parts.push(t("{services}, folded into {n} groups. Click one to unfold it.", { services: servicesWord(scene.shown), n: groups }));
    } else parts.push(servicesWord(scene.shown));
    if (scene.hidden > 0) parts.push(t("{n} more are not drawn: narrow the view, or use the list.", { n: scene.hidden }));
    if (scene.hiddenLines > 0) parts.push(t("{n} weaker connections are not drawn.", { n: scene.hiddenLines }));
    this.note(parts.join(" "));
  }

  private note(text: string): void {
    const place = this.querySelector(".map__note");
    if (place) place.textContent = text;
  }

  private speak(text: string): void {
    const place = this.querySelector(".map__spoken");
    if (place) place.textContent = text;
  }

  private nameOf(slug: string): string {
    const place = this.source.graph.place(slug);
    return place === undefined ? slug : this.source.graph.node(place).name;
  }

  private groupName(key: string): string {
    const { teams, systems } = this.source.graph.data;
    return (this.view.fold === "system" ? systems[key] : teams[key])?.name ?? t("No owner");
  }

  /** Opens the panel of a service that stands in the picture. */
  private choose(slug: string): void {
    const chain = this.scene?.chain.includes(slug) ? this.view.from : "";
    const redraw = chain !== this.view.from;
    this.view = { ...this.view, at: slug, from: chain };
    this.remember("replace");
    if (redraw) void this.render(false).then(() => { this.showChosen(); });
    else this.showChosen();
  }

  private showChosen(): void {
    const slug = this.view.at;
    this.cursor = slug;
    this.dataset["selected"] = slug;
    this.panel.hidden = !slug;
    if (slug) this.fill();
    this.drawing?.mark(slug);
    this.toolbar?.show(this.view, this.nameOf(this.view.focus), (key) => this.groupName(key));
    requestAnimationFrame(() => {
      this.drawing?.resize();
      const chain = this.scene?.chain ?? [];
      if (slug) this.drawing?.reveal(chain.length > 1 ? chain : [slug], this.covered());
    });
  }

  /** On a phone the panel is a sheet: so many pixels of the stage lie below it. */
  private covered(): number {
    if (getComputedStyle(this.panel).position !== "fixed") return 0;
    this.stage.scrollIntoView({ block: "nearest" });
    const stage = this.stage.getBoundingClientRect();
    return Math.max(0, Math.min(stage.height * 0.7, stage.bottom - this.panel.getBoundingClientRect().top));
  }

  private fill(): void {
    const inside = this.panel.contains(document.activeElement);
    const chain = this.scene?.chain ?? [];
    fillPanel(this.panel, this.view.at, {
      graph: this.source.graph, states: this.source.states, words: this.words,
      chain: chain.includes(this.view.at) ? chain : [], focused: this.view.focus === this.view.at,
    }, {
      go: (slug) => { this.go(slug); },
      focus: (slug) => { this.apply({ ...this.view, focus: slug, at: slug, from: "" }); },
      follow: (slug) => { this.follow(slug); },
      close: () => { this.clear(); this.stage.focus(); },
    });
    if (inside) this.panel.querySelector<HTMLElement>("h2")?.focus();
  }

  /** To another service: chosen where it stands; where a focus is, or it is not drawn, the focus moves to it. */
  private go(slug: string, fromSearch = false): void {
    if (this.scene?.chain.includes(slug)) this.choose(slug);
    else if (this.view.focus || !this.drawing?.has(slug)) this.apply({ ...this.view, focus: slug, at: slug, from: "", q: "", layers: [] });
    else this.choose(slug);
    if (fromSearch) this.stage.focus();
  }

  private follow(slug: string): void {
    const { graph, states } = this.source;
    const place = graph.place(slug);
    const chain = place === undefined ? [] : graph.chain(place, states).map((each) => graph.node(each).id);
    const cause = chain.at(-1);
    if (cause === undefined) return;
    this.apply({ ...this.view, from: slug, at: cause });
    const path = chain.map((each) => this.nameOf(each)).join(", ");
    this.speak(t("Failing chain: {path}. {state}", { path, state: stateSentence(states[cause], (each) => this.nameOf(each)) }));
  }

  private unfold(key: string): void {
    const by = this.scene?.folded === "system" ? "system" : "team";
    this.view = { ...this.view, fold: this.view.fold || by, open: [...this.view.open, key], at: "", from: "" };
    this.remember("push");
    void this.render(true).then(() => {
      const members = this.scene?.boxes.filter((box) => box.type === "service" && box.service[by] === key).map(({ id }) => id) ?? [];
      this.showChosen();
      this.cursor = members[0] ?? "";
      this.drawing?.mark(this.cursor);
      this.drawing?.reveal(members.slice(0, 1));
      this.speak(t("{name} unfolded: {services}.", { name: this.groupName(key), services: servicesWord(members.length) }));
    });
  }

  /** One step back: the chain, then the choice, then the focus. */
  private clear(): void {
    if (this.view.from) this.apply({ ...this.view, from: "" }, "replace");
    else if (this.view.at || this.cursor) {
      this.view = { ...this.view, at: "" };
      this.remember("replace");
      this.showChosen();
    } else if (this.view.focus) this.apply({ ...this.view, focus: "" });
  }

  private zoom(how: string): void {
    if (how === "fit") this.drawing?.fit();
    else this.drawing?.zoomBy(how === "in" ? 1 : -1);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (key.startsWith("Arrow")) this.step(key as Direction);
    else if (key === "Enter" || key === " ") this.enter();
    else if (key === "Escape") this.clear();
    else if (key === "+" || key === "=") this.zoom("in");
    else if (key === "-") this.zoom("out");
    else if (key === "0") this.zoom("fit");
    else return;
    event.preventDefault();
  }

  private step(direction: Direction): void {
    const next = this.cursor ? this.drawing?.neighbour(this.cursor, direction) : this.drawing?.entry();
    if (next === undefined) return;
    this.cursor = next;
    if (!this.panel.hidden && !next.startsWith(GROUP)) this.choose(next);
    this.drawing?.mark(next);
    this.drawing?.reveal([next], this.panel.hidden ? 0 : this.covered());
    this.speak(this.said(next));
  }

  private said(id: string): string {
    const { graph, states } = this.source;
    const box = this.scene?.boxes.find((each) => each.id === id);
    if (box?.type === "group") return `${box.name || t("No owner")}, ${servicesWord(box.count)}. ${t("Enter unfolds it.")}`;
    const place = graph.place(id);
    if (place === undefined) return "";
    const counts = t("Needs {up}, needed by {down}.", { up: graph.needs[place]?.length ?? 0, down: graph.neededBy[place]?.length ?? 0 });
    return `${this.nameOf(id)}. ${stateSentence(states[id], (each) => this.nameOf(each))}. ${counts}`;
  }

  private enter(): void {
    this.cursor ||= this.drawing?.entry() ?? "";
    if (!this.cursor) return;
    if (this.cursor.startsWith(GROUP)) {
      this.unfold(this.cursor.slice(GROUP.length));
      return;
    }
    this.choose(this.cursor);
    this.panel.querySelector<HTMLElement>("h2")?.focus();
  }
}

customElements.define("wb-map", MapElement);
