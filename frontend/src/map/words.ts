import { t } from "../lib/i18n.ts";
import type { State } from "./graph.ts";

/** What the server calls things, from the data block `map-words`. */
export interface Words {
  kinds: Record<string, { label: string; icon: string }>;
  layers: string[];
  tiers: Record<string, string>;
  lifecycles: Record<string, string>;
  edges: Record<string, string>;
}

export function wordsOf(source: string | null | undefined): Words {
  return JSON.parse(source ?? "{}") as Words;
}

export const STATE_ICONS = { failing: "circle-x", hit: "zap", degraded: "triangle-alert" } as const;
export const STATE_TONES = { failing: "danger", hit: "danger", degraded: "warn" } as const;

export function hopsWord(count: number): string {
  return count === 1 ? t("1 hop") : t("{n} hops", { n: count });
}

export function servicesWord(count: number): string {
  return count === 1 ? t("1 service") : t("{n} services", { n: count });
}

/** One word for a chip: "Failing", "Hit · 2 hops". */
export function chipWord(state: State): string {
  if (state.state === "failing") return t("Failing");
  const word = state.state === "hit" ? t("Hit") : t("Degraded");
  return `${word} · ${hopsWord(state.depth)}`;
}

/** "Degraded: needs Payments database, 2 hops, failing in #41". */
export function stateSentence(state: State | undefined, nameOf: (slug: string) => string): string {
  if (!state) return t("Nothing known to be wrong");
  const values = { name: nameOf(state.origin), hops: hopsWord(state.depth), number: state.incident.number };
  if (state.state === "failing") return t("Failing in #{number}", values);
  if (state.state === "hit") return t("Hit: needs {name}, {hops}, failing in #{number}", values);
  return t("Degraded: needs {name}, {hops}, failing in #{number}", values);
}
