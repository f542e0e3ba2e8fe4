export type Way = "both" | "up" | "down";
export type Fold = "" | "team" | "system" | "none";
export type Hops = 1 | 2 | 3 | 4 | 5 | "all";

/** What the map shows; all of it stands in the address, so that a view can be shared. */
export interface View {
  /** Slug around which the picture is drawn, within `hops`; "" for the whole map. */
  focus: string;
  hops: Hops;
  way: Way;
  /** "" folds by team once there are too many to draw one by one. */
  fold: Fold;
  q: string;
  layers: number[];
  /** Only what the open incidents concern. */
  incident: boolean;
  /** Slug of the chosen service, whose panel is open. */
  at: string;
  /** Slug from which the failing chain is followed. */
  from: string;
  /** Groups (slugs) that are unfolded. */
  open: string[];
}

export const WHOLE: View = {
  focus: "", hops: 2, way: "both", fold: "", q: "", layers: [], incident: false, at: "", from: "", open: [],
};
const MOST_OPEN = 30;
const MOST_LETTERS = 120;

function oneOf<T extends string>(word: string | null, known: readonly T[], otherwise: T): T {
  return known.find((each) => each === word) ?? otherwise;
}

function hopsOf(word: string | null): Hops {
  if (word === "all") return "all";
  return /^[1-5]$/.test(word ?? "") ? (Number(word) as Hops) : WHOLE.hops;
}

/** Reads an address' query; what makes no sense counts as not given. */
export function parseView(search: string): View {
  const query = new URLSearchParams(search);
  const focus = query.get("focus") ?? "";
  return {
    focus,
    hops: hopsOf(query.get("hops")),
    way: oneOf(query.get("way"), ["both", "up", "down"], "both"),
    fold: oneOf(query.get("fold"), ["", "team", "system", "none"], ""),
    q: (query.get("q") ?? "").slice(0, MOST_LETTERS).trim(),
    layers: [...new Set(query.getAll("layer"))].filter((word) => /^[0-3]$/.test(word)).map(Number).sort(),
    incident: query.get("show") === "incident",
    at: query.get("at") ?? focus,
    from: query.get("from") ?? "",
    open: query.getAll("open").slice(0, MOST_OPEN),
  };
}

/** The query of a view, with "?", or "?" alone for the whole map. */
export function queryOf(view: View, list = false): string {
  const query = new URLSearchParams();
  if (list) query.set("view", "list");
  if (view.focus) {
    query.set("focus", view.focus);
    if (view.hops !== WHOLE.hops) query.set("hops", String(view.hops));
    if (view.way !== "both") query.set("way", view.way);
  }
  if (view.fold) query.set("fold", view.fold);
  if (view.q) query.set("q", view.q);
  for (const layer of view.layers) query.append("layer", String(layer));
  if (view.incident) query.set("show", "incident");
  if (!list) {
    if (view.at !== view.focus) query.set("at", view.at);
    if (view.from) query.set("from", view.from);
    for (const group of view.open) query.append("open", group);
  }
  return `?${query.toString()}`;
}

/** The view after a control of the toolbar was used. Layers switch on and off, everything else is set. */
export function changed(view: View, name: string, value: string): View {
  switch (name) {
    case "layer": {
      const layer = Number(value);
      const layers = view.layers.includes(layer) ? view.layers.filter((each) => each !== layer) : [...view.layers, layer];
      return { ...view, layers: layers.sort() };
    }
    case "open": return { ...view, open: view.open.filter((each) => each !== value) };
    case "hops": return { ...view, hops: hopsOf(value) };
    case "way": return { ...view, way: oneOf(value, ["both", "up", "down"], "both") };
    case "fold": return { ...view, fold: oneOf(value, ["", "team", "system", "none"], ""), open: [] };
    case "show": return { ...view, incident: !view.incident };
    case "focus": return { ...view, focus: value, at: value, from: "" };
    default: return { ...WHOLE };
  }
}

/** Whether a control shows what is so now. */
export function isSet(view: View, name: string, value: string): boolean {
  switch (name) {
    case "layer": return view.layers.includes(Number(value));
    case "hops": return String(view.hops) === value;
    case "way": return view.way === value;
    case "fold": return view.fold === value;
    case "show": return view.incident;
    default: return false;
  }
}
