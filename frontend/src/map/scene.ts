import type { DependencyGraph, Service, State, States } from "./graph.ts";
import type { View } from "./view.ts";

/** Above so many the picture folds by itself. */
export const FOLD_ABOVE = 200;
/** Never more boxes than this are drawn at once. */
export const MOST_NODES = 300;
/** Between folded groups only the strongest lines are drawn. */
export const MOST_EDGES = 700;
const STRONGEST = 2;
const LINES_PER_BOX = 2.5;
const MOST_NEIGHBOURS = 60;

export interface ServiceBox {
  type: "service";
  id: string;
  service: Service;
  state: State | undefined;
  /** Drawn pale: the filter does not name it. */
  dim: boolean;
}

export interface GroupBox {
  type: "group";
  id: string;
  key: string;
  name: string;
  hue: number | undefined;
  count: number;
  failing: number;
  affected: number;
  worst: State["state"] | undefined;
}

export type Box = ServiceBox | GroupBox;

export interface Line {
  id: string;
  /** Ids of boxes: `source` needs `target`. */
  source: string;
  target: string;
  hard: boolean;
  /** How many dependencies it stands for. */
  count: number;
  /** It leads from an affected service one hop nearer to the failing one. */
  trouble: "hit" | "degraded" | undefined;
  chain: boolean;
}

export interface Scene {
  boxes: Box[];
  lines: Line[];
  folded: "" | "team" | "system";
  /** Services in view, drawn or inside a group, and how many more there would be beyond what can be drawn. */
  shown: number;
  hidden: number;
  hiddenLines: number;
  /** Slugs of the failing chain that is followed, from the affected one to the cause. */
  chain: string[];
}

interface Pool {
  places: Set<number>;
  dim: Set<number>;
  near: Set<number>;
}

/** What to draw: services, or groups of them, and the lines between them. Pure. */
export function buildScene(graph: DependencyGraph, states: States, view: View): Scene {
  const chain = chainOf(graph, states, view);
  const { places, dim, near } = poolOf(graph, states, view);
  const pinned = new Set(chain);
  for (const slug of [view.focus, view.at]) {
    const place = graph.place(slug);
    if (place !== undefined) pinned.add(place);
  }
  for (const place of pinned) places.add(place);
  const folded = foldOf(view, places.size);
  const alone = folded ? new Set([...pinned, ...near]) : places;
  const groups = folded ? grouped(graph, places, alone, folded, view.open) : new Map<string, number[]>();
  const { drawn, hidden } = capped(graph, states, [...alone], pinned, MOST_NODES - groups.size);
  const owner = new Map<number, string>();
  for (const place of drawn) owner.set(place, graph.node(place).id);
  for (const [key, members] of groups) for (const place of members) owner.set(place, groupId(key));
  const boxes: Box[] = [...groups].map(([key, members]) => groupBox(graph, states, folded, key, members));
  for (const place of drawn) {
    const service = graph.node(place);
    boxes.push({ type: "service", id: service.id, service, state: states[service.id], dim: dim.has(place) });
  }
  const all = linesBetween(graph, states, owner, chain);
  const lines = folded && all.length > boxes.length * LINES_PER_BOX ? strongest(all) : all.slice(0, MOST_EDGES);
  return {
    boxes, lines, folded, shown: owner.size, hidden, hiddenLines: all.length - lines.length,
    chain: chain.map((place) => graph.node(place).id),
  };
}

export function groupId(key: string): string {
  return `group:${key}`;
}

function isGroup(id: string): boolean {
  return id.startsWith("group:");
}

function chainOf(graph: DependencyGraph, states: States, view: View): number[] {
  const start = view.from ? graph.place(view.from) : undefined;
  return start === undefined ? [] : graph.chain(start, states);
}

function poolOf(graph: DependencyGraph, states: States, view: View): Pool {
  const focus = view.focus ? graph.place(view.focus) : undefined;
  const troubled = view.incident ? graph.troubled(states) : undefined;
  const text = view.q.toLocaleLowerCase();
  const fits = (place: number): boolean => {
    const node = graph.node(place);
    if (view.layers.length > 0 && !view.layers.includes(node.layer)) return false;
    if (troubled && !troubled.has(place)) return false;
    return !text || node.name.toLocaleLowerCase().includes(text) || node.id.includes(text);
  };
  if (focus === undefined) {
    const places = new Set<number>();
    graph.nodes.forEach((_node, place) => { if (fits(place)) places.add(place); });
    return { places, dim: new Set(), near: new Set() };
  }
  const reached = graph.reach([focus], view.way, view.hops === "all" ? Infinity : view.hops);
  const near = [...reached].filter(([, depth]) => depth === 1).map(([place]) => place);
  const dim = new Set([...reached.keys()].filter((place) => place !== focus && !fits(place)));
  return { places: new Set(reached.keys()), dim, near: new Set(near.length <= MOST_NEIGHBOURS ? near : []) };
}

function foldOf(view: View, size: number): Scene["folded"] {
  if (view.fold === "team" || view.fold === "system") return view.fold;
  if (view.fold === "none") return size > MOST_NODES && !view.focus ? "team" : "";
  return size > FOLD_ABOVE ? "team" : "";
}

/** Members by group; those of unfolded groups and of groups of one join `alone`. */
function grouped(
  graph: DependencyGraph, places: Set<number>, alone: Set<number>, by: "team" | "system", open: string[],
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const place of places) {
    if (alone.has(place)) continue;
    const key = graph.node(place)[by];
    const members = groups.get(key);
    if (members) members.push(place);
    else groups.set(key, [place]);
  }
  for (const [key, members] of groups) {
    if (members.length > 1 && !open.includes(key)) continue;
    for (const place of members) alone.add(place);
    groups.delete(key);
  }
  return groups;
}

/** As many as may be drawn: what was asked for, then what fails or is hit, then by tier and number of lines. */
function capped(
  graph: DependencyGraph, states: States, places: number[], pinned: Set<number>, most: number,
): { drawn: number[]; hidden: number } {
  if (places.length <= most) return { drawn: places.sort((a, b) => a - b), hidden: 0 };
  const rank = (place: number): number => {
    if (pinned.has(place)) return -1e9;
    const state = states[graph.node(place).id];
    return (state ? state.depth - 1e6 : 0) + graph.node(place).tier * 1e4 - graph.degree(place);
  };
  const ranked = places.map((place) => ({ place, rank: rank(place) })).sort((a, b) => a.rank - b.rank || a.place - b.place);
  const drawn = ranked.slice(0, Math.max(most, pinned.size)).map(({ place }) => place);
  return { drawn: drawn.sort((a, b) => a - b), hidden: places.length - drawn.length };
}

function groupBox(
  graph: DependencyGraph, states: States, by: Scene["folded"], key: string, members: number[],
): GroupBox {
  const found = members.map((place) => states[graph.node(place).id]?.state);
  const failing = found.filter((state) => state === "failing").length;
  const affected = found.filter(Boolean).length - failing;
  const worst = (["failing", "hit", "degraded"] as const).find((state) => found.includes(state));
  const team = by === "team" ? graph.data.teams[key] : undefined;
  const name = (by === "team" ? team?.name : graph.data.systems[key]?.name) ?? "";
  return { type: "group", id: groupId(key), key, name, hue: team?.hue, count: members.length, failing, affected, worst };
}

function linesBetween(
  graph: DependencyGraph, states: States, owner: Map<number, string>, chain: number[],
): Line[] {
  const lines = new Map<string, Line>();
  const steps = new Set(chain.slice(1).map((place, at) => `${String(chain[at])} ${String(place)}`));
  for (const [down, source] of owner) {
    for (const up of graph.needs[down] ?? []) {
      const target = owner.get(up);
      if (target === undefined || target === source) continue;
      const id = `${source}>${target}`;
      const hard = graph.isHard(down, up);
      const line = lines.get(id) ?? { id, source, target, hard: false, count: 0, trouble: undefined, chain: false };
      line.count += 1;
      line.hard ||= hard;
      const trouble = troubleOf(states[graph.node(down).id], states[graph.node(up).id], hard);
      // Of a group's many lines only those tell of trouble that end at what fails: else all of them would.
      if (!isGroup(source) && !isGroup(target) || states[graph.node(up).id]?.depth === 0) line.trouble = worse(line.trouble, trouble);
      line.chain ||= steps.has(`${String(down)} ${String(up)}`);
      lines.set(id, line);
    }
  }
  return [...lines.values()];
}

function troubleOf(down: State | undefined, up: State | undefined, hard: boolean): Line["trouble"] {
  if (!down || !up || down.depth !== up.depth + 1) return undefined;
  return down.state === "hit" && hard ? "hit" : "degraded";
}

function worse(a: Line["trouble"], b: Line["trouble"]): Line["trouble"] {
  return a === "hit" || b === "hit" ? "hit" : a ?? b;
}

/** The strongest few lines at each end, those of the followed chain, and those between single services. */
function strongest(lines: Line[]): Line[] {
  const sorted = [...lines].sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1));
  const used = new Map<string, number>();
  const kept = sorted.filter((line) => {
    const [from, to] = [used.get(line.source) ?? 0, used.get(`${line.target} in`) ?? 0];
    const plain = !isGroup(line.source) && !isGroup(line.target);
    if (!line.chain && !plain && from >= STRONGEST && to >= STRONGEST) return false;
    used.set(line.source, from + 1);
    used.set(`${line.target} in`, to + 1);
    return true;
  });
  return kept.slice(0, MOST_EDGES);
}
