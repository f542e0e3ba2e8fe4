import { connection, type LiveEntry } from "../live/connection.ts";
import { DependencyGraph, type GraphData, type States } from "./graph.ts";

const CALM_MS = 350;

async function read<T>(address: string): Promise<T> {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-cache" });
  if (!answer.ok || answer.redirected) throw new Error(`${address} ${String(answer.status)}`);
  return await (answer.json() as Promise<T>);
}

/** The graph and how services do; the second is read anew when the feed tells of an incident, and after a break. */
export class Source {
  graph = new DependencyGraph({ nodes: [], edges: [], teams: {}, systems: {} });
  states: States = {};
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wasLive = true;
  private readonly onLive = (event: Event): void => {
    if ((event as CustomEvent<LiveEntry>).detail.topic === "feed") this.soon();
  };

  private readonly onState = (): void => {
    const isLive = connection().state === "live";
    if (isLive && !this.wasLive) this.soon();
    this.wasLive = isLive;
  };

  constructor(private readonly graphUrl: string, private readonly stateUrl: string, private readonly onChange: () => void) {}

  async load(): Promise<void> {
    const [graph, states] = await Promise.all([read<GraphData>(this.graphUrl), read<States>(this.stateUrl)]);
    this.graph = new DependencyGraph(graph);
    this.states = states;
  }

  listen(): void {
    connection().add("feed");
    document.addEventListener("wb:live", this.onLive);
    connection().addEventListener("state", this.onState);
  }

  stop(): void {
    clearTimeout(this.timer);
    connection().remove("feed");
    document.removeEventListener("wb:live", this.onLive);
    connection().removeEventListener("state", this.onState);
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), CALM_MS);
  }

  private async refresh(): Promise<void> {
    try {
      const states = await read<States>(this.stateUrl);
      if (JSON.stringify(states) === JSON.stringify(this.states)) return;
      if (Object.keys(states).some((slug) => this.graph.place(slug) === undefined)) {
        this.graph = new DependencyGraph(await read<GraphData>(this.graphUrl));
      }
      this.states = states;
      this.onChange();
    } catch {
      // The connection's own dot says that it is broken; the next entry or reconnect asks again.
    }
  }
}
