import { icon } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import type { DependencyGraph, Service, States } from "./graph.ts";
import { chipWord, STATE_ICONS, STATE_TONES, stateSentence, type Words } from "./words.ts";

const MOST_NAMED = 40;

export interface PanelFacts {
  graph: DependencyGraph;
  states: States;
  words: Words;
  /** The followed chain as slugs, when the chosen service is on it. */
  chain: string[];
  focused: boolean;
}

export interface PanelActions {
  go(slug: string): void;
  focus(slug: string): void;
  follow(slug: string): void;
  close(): void;
}

type Child = Node | string;

function make(tag: string, className: string, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function press(label: string, className: string, act: () => void, ...lead: Child[]): HTMLButtonElement {
  const button = make("button", className, ...lead, label) as HTMLButtonElement;
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

/** Everything known of one service, as text with buttons that lead on. */
export function fillPanel(panel: HTMLElement, slug: string, facts: PanelFacts, actions: PanelActions): void {
  const { graph, words } = facts;
  const place = graph.place(slug);
  if (place === undefined) return;
  const node = graph.node(place);
  const nameOf = (each: string): string => {
    const found = graph.place(each);
    return found === undefined ? each : graph.node(found).name;
  };
  const heading = make("h2", "map-panel__title", node.name);
  heading.tabIndex = -1;
  const close = press("", "button button-quiet button-icon button-sm", actions.close, icon("x"));
  close.setAttribute("aria-label", t("Close"));
  panel.replaceChildren(
    make("header", "map-panel__head", icon(words.kinds[node.kind]?.icon ?? "server"), heading, close),
    make("div", "map-panel__body",
      stateBlock(node, facts, nameOf, actions),
      about(node, facts),
      buttons(node, facts, actions),
      neighbours(t("It needs"), graph.needs[place] ?? [], (other) => graph.isHard(place, other), facts, actions),
      neighbours(t("Needed by"), graph.neededBy[place] ?? [], (other) => graph.isHard(other, place), facts, actions)),
  );
}

function stateBlock(node: Service, { states, chain }: PanelFacts, nameOf: (slug: string) => string, actions: PanelActions): HTMLElement {
  const state = states[node.id];
  const sentence = stateSentence(state, nameOf);
  if (!state) return make("p", "map-state map-state-ok", icon("circle-check"), sentence);
  const block = make("div", `map-state map-state-${STATE_TONES[state.state]}`);
  block.append(make("p", "map-state__line", icon(STATE_ICONS[state.state]), sentence));
  const incident = make("a", "link", `#${String(state.incident.number)} ${state.incident.title}`) as HTMLAnchorElement;
  incident.href = state.incident.url;
  block.append(make("p", "map-state__incident", ...severity(state.incident.severity), incident));
  if (chain.length > 1) block.append(chainList(chain, node.id, nameOf, actions));
  else if (state.depth > 0) {
    const follow = press(t("Follow the failing chain"), "button button-sm", () => { actions.follow(node.id); }, icon("route"));
    follow.dataset["follow"] = "";
    block.append(follow);
  }
  return block;
}

function severity(rank: number | null): Child[] {
  return rank === null ? [] : [make("span", `sev is-sev-${String(rank)}`, `Sev-${String(rank)}`)];
}

function chainList(chain: string[], here: string, nameOf: (slug: string) => string, actions: PanelActions): HTMLElement {
  const rows = chain.map((slug, at) => {
    const row = make("li", "", press(nameOf(slug), "link", () => { actions.go(slug); }));
    if (slug === here) row.firstElementChild?.setAttribute("aria-current", "true");
    if (at === chain.length - 1) row.append(" ", make("span", "chip chip-danger", icon("circle-x"), t("Cause")));
    return row;
  });
  const list = make("ol", "map-chain", ...rows);
  list.setAttribute("aria-label", t("Failing chain"));
  return list;
}

function about(node: Service, { graph, words }: PanelFacts): HTMLElement {
  const owner = graph.data.teams[node.team]?.name ?? t("Whole organisation");
  const rows: [string, string][] = [
    [t("Kind"), words.kinds[node.kind]?.label ?? node.kind],
    [t("Tier"), words.tiers[String(node.tier)] ?? String(node.tier)],
    [t("Owner"), owner],
  ];
  if (node.lifecycle !== "production") rows.push([t("Lifecycle"), words.lifecycles[node.lifecycle] ?? node.lifecycle]);
  const system = graph.data.systems[node.system];
  if (system) rows.push([t("System"), system.name]);
  return make("dl", "kv", ...rows.flatMap(([term, value]) => [make("dt", "", term), make("dd", "", value)]));
}

function buttons(node: Service, { focused }: PanelFacts, actions: PanelActions): HTMLElement {
  const page = make("a", "button button-sm", icon("external-link"), t("Service page")) as HTMLAnchorElement;
  page.href = `/services/${encodeURIComponent(node.id)}/`;
  const row = make("div", "cluster");
  if (!focused) {
    const focus = press(t("Show around it"), "button button-sm", () => { actions.focus(node.id); }, icon("target"));
    focus.dataset["focus"] = "";
    row.append(focus);
  }
  row.append(page);
  return row;
}

function neighbours(
  title: string, places: readonly number[], isHard: (place: number) => boolean, { graph, states, words }: PanelFacts, actions: PanelActions,
): HTMLElement {
  const ordered = [...places].sort((a, b) => rank(a) - rank(b) || a - b);
  function rank(place: number): number {
    const node = graph.node(place);
    const state = states[node.id];
    return (state ? state.depth - 1000 : 0) + (isHard(place) ? 0 : 10) + node.tier;
  }
  const rows = ordered.slice(0, MOST_NAMED).map((place) => {
    const node = graph.node(place);
    const state = states[node.id];
    const button = press(node.name, "map-near", () => { actions.go(node.id); }, icon(words.kinds[node.kind]?.icon ?? "server"));
    button.dataset["go"] = node.id;
    if (!isHard(place)) button.append(make("span", "chip chip-plain chip-dashed", t("Soft")));
    if (state) button.append(make("span", `chip chip-${STATE_TONES[state.state]}`, icon(STATE_ICONS[state.state]), chipWord(state)));
    return make("li", "", button);
  });
  const heading = make("h3", "map-panel__part", title, " ", make("span", "badge", String(places.length)));
  if (rows.length === 0) return make("section", "", heading, make("p", "muted text-13", t("Nothing known.")));
  const list = make("ul", "map-nears", ...rows);
  const more = places.length - rows.length;
  const section = make("section", "", heading, list);
  if (more > 0) section.append(make("p", "muted text-12", t("{n} more on the service page and in the list.", { n: more })));
  return section;
}
