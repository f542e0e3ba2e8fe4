import type { Way } from "./view.ts";

/** A service as `/services/map/data/` tells it. */
export interface Service {
  id: string;
  name: string;
  kind: string;
  /** 0 customer journeys, 1 services, 2 data, 3 vendors. */
  layer: number;
  tier: number;
  team: string;
  lifecycle: string;
  system: string;
}

export interface GraphData {
  nodes: Service[];
  /** Three numbers an edge: who needs, whom (places in `nodes`), 1 when hard. */
  edges: number[];
  teams: Record<string, { name: string; hue: number }>;
  systems: Record<string, { name: string }>;
}

export interface State {
  /** failing: an open incident of its own; hit: needs a failing one; degraded: would rather have it. */
  state: "failing" | "hit" | "degraded";
  depth: number;
  origin: string;
  incident: { number: number; title: string; severity: number | null; url: string };
}

export type States = Record<string, State>;

/** The dependency graph; services are told by their place in `nodes`, which are in order of slug. */
export class DependencyGraph {
  readonly nodes: readonly Service[];
  readonly needs: readonly (readonly number[])[];
  readonly neededBy: readonly (readonly number[])[];
  readonly edgeCount: number;
  private readonly places = new Map<string, number>();
  private readonly hard = new Set<number>();

  constructor(readonly data: GraphData) {
    this.nodes = data.nodes;
    this.nodes.forEach((node, place) => this.places.set(node.id, place));
    const needs: number[][] = this.nodes.map(() => []);
    const neededBy: number[][] = this.nodes.map(() => []);
    for (let at = 0; at + 2 < data.edges.length; at += 3) {
      const [down, up] = [data.edges[at] as number, data.edges[at + 1] as number];
      needs[down]?.push(up);
      neededBy[up]?.push(down);
      if (data.edges[at + 2]) this.hard.add(this.key(down, up));
    }
    this.needs = needs;
    this.neededBy = neededBy;
    this.edgeCount = data.edges.length / 3;
  }

  place(slug: string): number | undefined {
    return this.places.get(slug);
  }

  node(place: number): Service {
    return this.nodes[place] as Service;
  }

  isHard(down: number, up: number): boolean {
    return this.hard.has(this.key(down, up));
  }

  degree(place: number): number {
    return (this.needs[place]?.length ?? 0) + (this.neededBy[place]?.length ?? 0);
  }

  /** Place → hops from the nearest start, as far as `hops`; "both" goes up and down apart, not zigzag. */
  reach(starts: readonly number[], way: Way, hops = Infinity): Map<number, number> {
    const found = new Map(starts.map((start) => [start, 0]));
    if (way !== "down") walk(starts, this.needs, hops, found);
    if (way !== "up") walk(starts, this.neededBy, hops, found);
    return found;
  }

  /** From a service that is not well to the failing one: one step nearer each time, hard edges first, then by slug. */
  chain(start: number, states: States): number[] {
    const steps = [start];
    let here = states[this.node(start).id];
    if (!here) return [];
    while (here.depth > 0) {
      const last = steps.at(-1) as number;
      const { depth, origin } = here;
      const near = (this.needs[last] ?? []).filter((place) => {
        const other = states[this.node(place).id];
        return other?.depth === depth - 1 && other.origin === origin;
      });
      const next = near.find((place) => this.isHard(last, place)) ?? near[0];
      if (next === undefined) break;
      steps.push(next);
      here = states[this.node(next).id] as State;
    }
    return steps;
  }

  /** What the open incidents concern: failing services, whom they hit, and what they stand on. */
  troubled(states: States): Set<number> {
    const failing: number[] = [];
    const found = new Set<number>();
    for (const [slug, state] of Object.entries(states)) {
      const place = this.place(slug);
      if (place === undefined) continue;
      found.add(place);
      if (state.state === "failing") failing.push(place);
    }
    for (const place of this.reach(failing, "up").keys()) found.add(place);
    return found;
  }

  /** Services whose name or slug contains the text: those that begin with it first, then by tier. */
  search(text: string, most: number): number[] {
    const wanted = text.trim().toLocaleLowerCase();
    if (!wanted) return [];
    const found: { place: number; rank: number }[] = [];
    this.nodes.forEach((node, place) => {
      const rank = rankOf(node, wanted);
      if (rank !== undefined) found.push({ place, rank: rank * 10 + node.tier });
    });
    found.sort((a, b) => a.rank - b.rank || a.place - b.place);
    return found.slice(0, most).map(({ place }) => place);
  }

  private key(down: number, up: number): number {
    return down * this.nodes.length + up;
  }
}

function rankOf(node: Service, wanted: string): number | undefined {
  const name = node.name.toLocaleLowerCase();
  if (name.startsWith(wanted) || node.id.startsWith(wanted)) return 0;
  if (name.includes(` ${wanted}`) || node.id.includes(`-${wanted}`)) return 1;
  return name.includes(wanted) || node.id.includes(wanted) ? 2 : undefined;
}

function walk(
  starts: readonly number[], neighbours: readonly (readonly number[])[], hops: number, found: Map<number, number>,
): void {
  const seen = new Set(starts);
  let level = [...starts];
  for (let depth = 1; depth <= hops && level.length > 0; depth += 1) {
    const following: number[] = [];
    for (const place of level) {
      for (const other of neighbours[place] ?? []) {
        if (seen.has(other)) continue;
        seen.add(other);
        following.push(other);
        found.set(other, Math.min(depth, found.get(other) ?? Infinity));
      }
    }
    level = following;
  }
}
