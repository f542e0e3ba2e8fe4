import ELK, { type ElkExtendedEdge, type ElkNode, type LayoutOptions } from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import { columnsOf, rowsFor } from "./columns.ts";
import type { Box, Scene } from "./scene.ts";

export const SERVICE_SIZE = { width: 192, height: 44 };
export const GROUP_SIZE = { width: 200, height: 58 };

interface Point {
  x: number;
  y: number;
}

export interface Placed {
  /** Centre of each box by id. */
  boxes: Map<string, Point>;
  /** Corners of each line by id, its two ends included. */
  lines: Map<string, Point[]>;
}

/** Above so many boxes or lines speed and a compact picture count more than the straightest lines. */
const MANY = 100;
const COLUMN = 300;

function isLarge({ boxes, lines }: Scene): boolean {
  return Math.max(boxes.length, lines.length) > MANY;
}

function optionsFor(scene: Scene): LayoutOptions {
  const many = isLarge(scene);
  return {
    "elk.algorithm": "layered",
    "elk.direction": "RIGHT",
    "elk.edgeRouting": "POLYLINE",
    "elk.separateConnectedComponents": "false",
    "elk.randomSeed": "7",
    "elk.spacing.nodeNode": many ? "18" : "30",
    "elk.spacing.edgeNode": many ? "8" : "14",
    "elk.spacing.edgeEdge": many ? (scene.folded ? "5" : "2") : "10",
    "elk.layered.spacing.nodeNodeBetweenLayers": many ? "80" : "90",
    "elk.layered.spacing.edgeNodeBetweenLayers": "20",
    "elk.layered.spacing.edgeEdgeBetweenLayers": many ? "4" : "10",
    "elk.layered.thoroughness": many ? "3" : "12",
    "elk.layered.nodePlacement.strategy": many ? "SIMPLE" : "NETWORK_SIMPLEX",
    ...(many ? {
      "elk.layered.layering.strategy": "INTERACTIVE",
      "elk.layered.cycleBreaking.strategy": "INTERACTIVE",
    } : scene.folded ? {} : { "elk.partitioning.activate": "true" }),
  };
}

/** The question to elk: layers from left to right, customers first, others' products last. */
export function elkGraph(scene: Scene): ElkNode {
  const many = isLarge(scene);
  const layerOf = (box: Box): number => box.type === "service" && !scene.folded ? box.service.layer : 0;
  const columns = many
    ? columnsOf(scene.boxes.map((box) => ({ id: box.id, layer: layerOf(box) })), scene.lines, rowsFor(scene.boxes.length))
    : undefined;
  const children = scene.boxes.map((box): ElkNode => ({
    id: box.id,
    ...(box.type === "group" ? GROUP_SIZE : SERVICE_SIZE),
    ...(columns ? { x: (columns.get(box.id) ?? 0) * COLUMN, y: 0 } : {}),
    ...(columns || scene.folded ? {} : { layoutOptions: { "elk.partitioning.partition": String(layerOf(box)) } }),
  }));
  const edges = scene.lines.map((line): ElkExtendedEdge => ({ id: line.id, sources: [line.source], targets: [line.target] }));
  return { id: "root", layoutOptions: optionsFor(scene), children, edges };
}

export function placedOf(answer: ElkNode): Placed {
  const boxes = new Map((answer.children ?? []).map((node) => [
    node.id, { x: (node.x ?? 0) + (node.width ?? 0) / 2, y: (node.y ?? 0) + (node.height ?? 0) / 2 },
  ]));
  const lines = new Map((answer.edges ?? []).map((edge) => {
    const part = edge.sections?.[0];
    return [edge.id, part ? [part.startPoint, ...(part.bendPoints ?? []), part.endPoint] : []];
  }));
  return { boxes, lines };
}

/** Lays out in a worker, one picture at a time: a newer question ends the older one. */
export class Layouter {
  private elk: InstanceType<typeof ELK> | undefined;
  private busy = false;
  private turn = 0;

  /** The places, or undefined once a newer question was asked. */
  async place(scene: Scene): Promise<Placed | undefined> {
    this.turn += 1;
    const turn = this.turn;
    if (scene.boxes.length === 0) return { boxes: new Map(), lines: new Map() };
    if (this.busy) this.stop();
    this.elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) });
    this.busy = true;
    const answer = await this.elk.layout(elkGraph(scene));
    if (turn !== this.turn) return undefined;
    this.busy = false;
    return placedOf(answer);
  }

  stop(): void {
    this.elk?.terminateWorker();
    this.elk = undefined;
    this.busy = false;
  }
}
