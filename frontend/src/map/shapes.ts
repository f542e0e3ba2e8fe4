import type { ElementDefinition } from "cytoscape";
import { t } from "../lib/i18n.ts";
import type { State } from "./graph.ts";
import { GROUP_SIZE, SERVICE_SIZE, type Placed } from "./layout.ts";
import type { Box, GroupBox, Line, Scene, ServiceBox } from "./scene.ts";
import { iconUri, mixed, type Theme } from "./theme.ts";
import { chipWord, servicesWord, STATE_ICONS, type Words } from "./words.ts";

interface Point {
  x: number;
  y: number;
}

export interface Look {
  theme: Theme;
  icons: Map<string, string>;
  words: Words;
  teams: Record<string, { hue: number }>;
}

const TEXT_START = 42;
const BAND_MARGIN = 26;
const CHIP_HEIGHT = 20;
let ruler: CanvasRenderingContext2D | null | undefined;

function widthOf(text: string, font: string): number {
  ruler ??= document.createElement("canvas").getContext("2d");
  if (!ruler) return text.length * 7;
  ruler.font = font;
  return ruler.measureText(text).width;
}

/** The text, cut to so many pixels. */
export function fitted(text: string, width: number, measure: (text: string) => number): string {
  if (measure(text) <= width) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(`${text.slice(0, middle).trimEnd()}…`) <= width) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low).trimEnd()}…`;
}

/** Corners between the two ends as cytoscape counts them: along the straight line, and beside it. */
export function segments(points: readonly Point[]): { weights: number[]; distances: number[] } {
  const [start, end] = [points[0] as Point, points.at(-1) as Point];
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  const square = dx * dx + dy * dy || 1;
  const length = Math.sqrt(square);
  const inner = points.slice(1, -1);
  return {
    weights: inner.map(({ x, y }) => ((x - start.x) * dx + (y - start.y) * dy) / square),
    distances: inner.map(({ x, y }) => ((y - start.y) * dx - (x - start.x) * dy) / length),
  };
}

export function elementsOf(scene: Scene, placed: Placed, look: Look): ElementDefinition[] {
  const elements: ElementDefinition[] = scene.folded ? [] : bands(scene, placed, look);
  for (const box of scene.boxes) {
    const centre = placed.boxes.get(box.id) ?? { x: 0, y: 0 };
    elements.push(box.type === "group" ? groupElement(box, centre, look) : serviceElement(box, centre, look));
    const chip = chipOf(box, centre, look);
    if (chip) elements.push(chip);
  }
  for (const line of scene.lines) elements.push(lineElement(line, placed, scene.folded !== ""));
  return elements;
}

function serviceElement(box: ServiceBox, position: Point, look: Look): ElementDefinition {
  const { service, state } = box;
  const { theme, icons, words } = look;
  const room = SERVICE_SIZE.width - TEXT_START - 12;
  const font = `500 13px ${theme.font}`;
  const hue = hueOf(look, service.team);
  const classes = ["service", `tier-${String(service.tier)}`, state?.state ?? "", box.dim ? "dim" : ""];
  return {
    group: "nodes", position, classes: classes.join(" "),
    data: {
      id: box.id, ...SERVICE_SIZE, label: fitted(service.name, room, (text) => widthOf(text, font)),
      shift: TEXT_START - SERVICE_SIZE.width, icon: iconUri(icons.get(words.kinds[service.kind]?.icon ?? ""), theme.muted),
      stripes: `${hue} ${hue} ${fill(state, theme)} ${fill(state, theme)}`, failing: state?.state === "failing",
    },
  };
}

function hueOf({ theme, teams }: Look, team: string): string {
  return theme.hues[teams[team]?.hue ?? -1] ?? theme.line;
}

/** The tint of what is hit pales with every hop. */
function fill(state: State | undefined, theme: Theme): string {
  if (!state) return theme.surface;
  if (state.state === "failing") return theme.dangerTint;
  return mixed(state.state === "hit" ? theme.dangerTint : theme.warnTint, theme.surface, Math.min(1, Math.max(0.3, 1.25 - state.depth * 0.3)));
}

function groupElement(box: GroupBox, position: Point, { theme }: Look): ElementDefinition {
  const font = `500 13px ${theme.font}`;
  const name = fitted(box.name || t("No owner"), GROUP_SIZE.width - 32, (text) => widthOf(text, font));
  const hue = box.hue === undefined ? theme.line : theme.hues[box.hue] ?? theme.line;
  return {
    group: "nodes", position, classes: `group ${box.worst ?? ""}`,
    data: {
      id: box.id, ...GROUP_SIZE, label: `${name}\n${servicesWord(box.count)}`, shift: 18 - GROUP_SIZE.width,
      stripes: `${hue} ${hue} ${theme.surface} ${theme.surface}`, failing: box.worst === "failing",
    },
  };
}

/** The word for the state, hanging from the lower edge. */
function chipOf(box: Box, centre: Point, { theme, icons }: Look): ElementDefinition | undefined {
  const worst = box.type === "group" ? box.worst : box.state?.state;
  if (!worst) return undefined;
  const word = box.type === "group" ? groupWord(box) : chipWord(box.state as State);
  const size = box.type === "group" ? GROUP_SIZE : SERVICE_SIZE;
  const width = Math.round(widthOf(word, `500 11px ${theme.font}`)) + 32;
  const ink = worst === "failing" ? "#ffffff" : worst === "hit" ? theme.danger : theme.warn;
  return {
    group: "nodes", classes: `chip chip-${worst}${box.type === "service" && box.dim ? " dim" : ""}`,
    position: { x: centre.x - size.width / 2 + width / 2 + 16, y: centre.y + size.height / 2 + 3 },
    data: { id: `chip:${box.id}`, of: box.id, width, height: CHIP_HEIGHT, label: word, shift: 22 - width, icon: iconUri(icons.get(STATE_ICONS[worst]), ink) },
  };
}

function groupWord(box: GroupBox): string {
  if (!box.failing) return t("{n} affected", { n: box.affected });
  const failing = t("{n} failing", { n: box.failing });
  return box.affected ? `${failing} · ${t("{n} affected", { n: box.affected })}` : failing;
}

function lineElement(line: Line, placed: Placed, folded: boolean): ElementDefinition {
  const points = placed.lines.get(line.id) ?? [];
  const [start, end] = [points[0], points.at(-1)];
  const [source, target] = [placed.boxes.get(line.source), placed.boxes.get(line.target)];
  const bends = start && end && points.length > 2 ? segments(points) : undefined;
  const offset = (point: Point | undefined, centre: Point | undefined): string =>
    point && centre ? `${String(point.x - centre.x)}px ${String(point.y - centre.y)}px` : "outside-to-node";
  const classes = [
    line.hard ? "hard" : "soft", bends ? "bent" : "straight", folded && line.count > 1 ? "merged" : "",
    line.trouble ? `trouble-${line.trouble}` : "", line.chain ? "chain" : "",
  ];
  return {
    group: "edges", classes: classes.join(" "),
    data: {
      id: line.id, source: line.source, target: line.target, label: String(line.count),
      width: Math.min(2.5, 1.25 + Math.log10(line.count) * 0.6) + (line.trouble ? 0.75 : 0),
      from: offset(start, source), to: offset(end, target), weights: bends?.weights ?? [], distances: bends?.distances ?? [],
    },
  };
}

/** A quiet field behind each layer, with its name on top. */
function bands(scene: Scene, placed: Placed, { words }: Look): ElementDefinition[] {
  const spans = new Map<number, { left: number; right: number }>();
  let [top, bottom] = [Infinity, -Infinity];
  for (const box of scene.boxes) {
    const at = placed.boxes.get(box.id);
    if (box.type !== "service" || !at) continue;
    const span = spans.get(box.service.layer) ?? { left: Infinity, right: -Infinity };
    spans.set(box.service.layer, {
      left: Math.min(span.left, at.x - SERVICE_SIZE.width / 2), right: Math.max(span.right, at.x + SERVICE_SIZE.width / 2),
    });
    top = Math.min(top, at.y - SERVICE_SIZE.height / 2);
    bottom = Math.max(bottom, at.y + SERVICE_SIZE.height / 2);
  }
  return [...spans].map(([layer, { left, right }]) => ({
    group: "nodes", classes: "band", selectable: false,
    position: { x: (left + right) / 2, y: (top + bottom) / 2 + 4 },
    data: {
      id: `band:${String(layer)}`, label: words.layers[layer] ?? "", shift: 0,
      width: right - left + BAND_MARGIN * 2, height: bottom - top + BAND_MARGIN * 2 + 8,
    },
  }));
}
