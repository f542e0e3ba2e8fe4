import { expect, test } from "vitest";
import { columnsOf, rowsFor } from "./columns.ts";
import { DependencyGraph, type GraphData, type Service, type States } from "./graph.ts";
import { elkGraph, placedOf } from "./layout.ts";
import { buildScene, MOST_NODES, type GroupBox, type Scene } from "./scene.ts";
import { fitted, segments } from "./shapes.ts";
import { changed, isSet, parseView, queryOf, WHOLE, type View } from "./view.ts";
import { stateSentence } from "./words.ts";

const service = (id: string, more: Partial<Service> = {}): Service => ({
  id, name: id, kind: "service", layer: 1, tier: 3, team: "a", lifecycle: "production", system: "", ...more,
});

function graphOf(nodes: Service[], edges: [string, string, boolean?][]): DependencyGraph {
  const at = (id: string): number => nodes.findIndex((node) => node.id === id);
  const data: GraphData = {
    nodes, edges: edges.flatMap(([down, up, soft]) => [at(down), at(up), soft ? 0 : 1]),
    teams: { a: { name: "Team A", hue: 1 }, b: { name: "Team B", hue: 2 } }, systems: { shop: { name: "Shop" } },
  };
  return new DependencyGraph(data);
}

const incident = { number: 41, title: "Disks are full", severity: 1, url: "/incidents/41/" };
const shop = graphOf(
  [
    service("checkout"), service("db", { layer: 2, team: "b" }), service("mailer", { team: "b" }), service("payments", { tier: 1 }),
    service("storefront", { layer: 0, system: "shop" }),
  ],
  [["storefront", "checkout"], ["checkout", "payments"], ["payments", "db"], ["checkout", "mailer", true], ["mailer", "payments", true]],
);
const states: States = {
  db: { state: "failing", depth: 0, origin: "db", incident },
  payments: { state: "hit", depth: 1, origin: "db", incident },
  checkout: { state: "hit", depth: 2, origin: "db", incident },
  mailer: { state: "degraded", depth: 2, origin: "db", incident },
  storefront: { state: "hit", depth: 3, origin: "db", incident },
};
const place = (slug: string): number => shop.place(slug) as number;
const names = (places: Iterable<number>): string[] => [...places].map((each) => shop.node(each).id).sort();
const view = (more: Partial<View> = {}): View => ({ ...WHOLE, ...more });
const ids = (scene: Scene): string[] => scene.boxes.map(({ id }) => id).sort();

test("an address is read and written back, nonsense counts as not given", () => {
  const address = "?focus=db&hops=all&way=down&fold=team&q=pay&layer=1&layer=2&show=incident&at=checkout&from=checkout&open=b";
  expect(queryOf(parseView(address))).toBe(address);
  expect(queryOf(parseView("?hops=9&way=x&fold=y&layer=7&layer=1%2B&show=z"))).toBe("?");
  expect(parseView("?focus=db").at).toBe("db");
  expect(queryOf(parseView("?focus=db&at="))).toBe("?focus=db&at=");
  expect(queryOf(parseView(address), true)).toBe("?view=list&focus=db&hops=all&way=down&fold=team&q=pay&layer=1&layer=2&show=incident");
});

test("controls switch on and off", () => {
  const one = changed(changed(view(), "layer", "2"), "layer", "0");
  expect([one.layers, changed(one, "layer", "2").layers, isSet(one, "layer", "0")]).toEqual([[0, 2], [0], true]);
  expect(changed(view({ incident: true, open: ["a"] }), "fold", "system")).toMatchObject({ fold: "system", open: [], incident: true });
  expect(changed(view({ open: ["a", "b"] }), "open", "a").open).toEqual(["b"]);
  expect(changed(view({ q: "x", layers: [1] }), "clear", "")).toEqual(WHOLE);
});

test("walks go up, down or both, never zigzag", () => {
  expect(names(shop.reach([place("payments")], "up").keys())).toEqual(["db", "payments"]);
  expect(names(shop.reach([place("payments")], "down", 1).keys())).toEqual(["checkout", "mailer", "payments"]);
  expect(names(shop.reach([place("mailer")], "both").keys())).toEqual(["checkout", "db", "mailer", "payments", "storefront"]);
});

test("the chain leads to what fails, by hard edges where there are any", () => {
  expect(shop.chain(place("storefront"), states).map((each) => shop.node(each).id)).toEqual(["storefront", "checkout", "payments", "db"]);
  expect(shop.chain(place("db"), states)).toEqual([place("db")]);
  expect(shop.chain(place("db"), {})).toEqual([]);
  const two = graphOf(["a-soft", "b-hard", "db", "top"].map((id) => service(id)), [["top", "a-soft", true], ["top", "b-hard"], ["a-soft", "db"], ["b-hard", "db"]]);
  const hit = (depth: number): States[string] => ({ state: "hit", depth, origin: "db", incident });
  const trouble: States = { db: { state: "failing", depth: 0, origin: "db", incident }, "a-soft": hit(1), "b-hard": hit(1), top: hit(2) };
  expect(two.chain(two.place("top") as number, trouble).map((each) => two.node(each).id)).toEqual(["top", "b-hard", "db"]);
});

test("search prefers beginnings and critical services", () => {
  expect(shop.search("P", 9).map((each) => shop.node(each).id)).toEqual(["payments"]);
  expect(shop.search("m", 9).map((each) => shop.node(each).id)).toEqual(["mailer", "payments"]);
  expect(shop.search("  ", 9)).toEqual([]);
});

test("states are said in words", () => {
  const named = (slug: string): string => slug.toUpperCase();
  expect(stateSentence(states["mailer"], named)).toBe("Degraded: needs DB, 2 hops, failing in #41");
  expect(stateSentence(states["payments"], named)).toBe("Hit: needs DB, 1 hop, failing in #41");
  expect([stateSentence(states["db"], named), stateSentence(undefined, named)]).toEqual(["Failing in #41", "Nothing known to be wrong"]);
});

test("a small map is drawn whole, with trouble along its lines", () => {
  const scene = buildScene(shop, states, view());
  expect([scene.folded, scene.boxes.length, scene.hidden]).toEqual(["", 5, 0]);
  const line = scene.lines.find(({ id }) => id === "payments>db");
  expect(line).toMatchObject({ hard: true, count: 1, trouble: "hit", chain: false });
  expect(scene.lines.find(({ id }) => id === "checkout>mailer")).toMatchObject({ hard: false, trouble: undefined });
});

test("focus, filters and the incident narrow it", () => {
  expect(ids(buildScene(shop, {}, view({ focus: "db", hops: 1 })))).toEqual(["db", "payments"]);
  expect(ids(buildScene(shop, {}, view({ layers: [2] })))).toEqual(["db"]);
  const dimmed = buildScene(shop, {}, view({ focus: "db", hops: "all", layers: [2] })).boxes;
  expect(dimmed.filter((box) => box.type === "service" && box.dim).map(({ id }) => id).sort())
    .toEqual(["checkout", "mailer", "payments", "storefront"]);
  const one: States = { mailer: { state: "failing", depth: 0, origin: "mailer", incident } };
  expect(ids(buildScene(shop, one, view({ incident: true })))).toEqual(["db", "mailer", "payments"]);
});

test("a followed chain is drawn even where it is folded away", () => {
  const scene = buildScene(shop, states, view({ fold: "team", from: "checkout", at: "db" }));
  expect(scene.chain).toEqual(["checkout", "payments", "db"]);
  expect(ids(scene)).toEqual(["checkout", "db", "mailer", "payments", "storefront"]);
  expect(scene.lines.filter(({ chain }) => chain).map(({ id }) => id).sort()).toEqual(["checkout>payments", "payments>db"]);
});

test("teams fold with their worst state, and unfold one at a time", () => {
  const scene = buildScene(shop, states, view({ fold: "team" }));
  expect(ids(scene)).toEqual(["group:a", "group:b"]);
  expect(scene.boxes.find(({ id }) => id === "group:b")).toMatchObject({ name: "Team B", count: 2, failing: 1, affected: 1, worst: "failing" });
  expect(scene.lines.map(({ id, count }) => [id, count])).toEqual([["group:a>group:b", 2], ["group:b>group:a", 1]]);
  expect(ids(buildScene(shop, states, view({ fold: "team", open: ["b"] })))).toEqual(["db", "group:a", "mailer"]);
});

test("many fold by themselves, and never more are drawn than can be", () => {
  const nodes = Array.from({ length: 900 }, (_each, at) => service(`s-${String(at).padStart(3, "0")}`, { team: at % 2 ? "a" : "b" }));
  const many = graphOf(nodes, [["s-000", "s-899"]]);
  const folded = buildScene(many, {}, view());
  expect([folded.folded, ids(folded), folded.shown]).toEqual(["team", ["group:a", "group:b"], 900]);
  expect((folded.boxes[0] as GroupBox).count).toBe(450);
  expect(buildScene(many, {}, view({ fold: "none" })).folded).toBe("team");
  const open = buildScene(many, {}, view({ open: ["a"], at: "s-899" }));
  expect([open.boxes.length, open.hidden > 0, ids(open).includes("s-899")]).toEqual([MOST_NODES, true, true]);
  expect(buildScene(graphOf([], []), {}, view()).boxes).toEqual([]);
});

test("columns keep layers apart and rows within bounds, circles included", () => {
  const boxes = [..."abcdef"].map((id) => ({ id, layer: id === "f" ? 2 : 1 }));
  const lines = [["a", "b"], ["b", "c"], ["c", "a"], ["d", "f"], ["f", "a"]].map(([source = "", target = ""]) => ({ source, target }));
  const columns = columnsOf(boxes, lines, 2);
  const along = ["a", "b", "c"].map((id) => columns.get(id) ?? -1);
  expect(along).toEqual([...along].sort((one, other) => one - other));
  expect(new Set(along).size).toBe(3);
  expect(columns.get("f")).toBeGreaterThan(Math.max(...[..."abcde"].map((id) => columns.get(id) ?? 9)));
  const used = [...columns.values()].reduce<Record<number, number>>((found, at) => ({ ...found, [at]: (found[at] ?? 0) + 1 }), {});
  expect(Math.max(...Object.values(used))).toBeLessThanOrEqual(2);
  expect([rowsFor(10), rowsFor(200)]).toEqual([8, 23]);
});

test("elk is asked for partitions, and its answer is read as centres and corners", () => {
  const asked = elkGraph(buildScene(shop, states, view()));
  expect(asked.children?.find(({ id }) => id === "db")?.layoutOptions).toEqual({ "elk.partitioning.partition": "2" });
  const placed = placedOf({
    id: "root", children: [{ id: "db", x: 10, y: 20, width: 100, height: 40 }],
    edges: [{ id: "x", sources: ["a"], targets: ["b"], sections: [{ id: "s", startPoint: { x: 0, y: 0 }, endPoint: { x: 9, y: 9 }, bendPoints: [{ x: 4, y: 0 }] }] }],
  });
  expect(placed.boxes.get("db")).toEqual({ x: 60, y: 40 });
  expect(placed.lines.get("x")).toHaveLength(3);
});

test("corners are told along and beside the straight line; names are cut to fit", () => {
  expect(segments([{ x: 0, y: 0 }, { x: 5, y: 3 }, { x: 10, y: 0 }])).toEqual({ weights: [0.5], distances: [3] });
  const measure = (text: string): number => text.length;
  expect([fitted("Payments", 8, measure), fitted("Payments database", 9, measure)]).toEqual(["Payments", "Payments…"]);
});
