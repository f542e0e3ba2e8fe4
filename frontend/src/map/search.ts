import { icon } from "../lib/dom.ts";
import type { DependencyGraph } from "./graph.ts";
import type { Words } from "./words.ts";

const MOST = 8;

/** The search field as a combobox: suggestions while typing; Enter takes one, or narrows the map to the text. */
export class SearchField {
  private active = -1;

  constructor(
    private readonly input: HTMLInputElement,
    private readonly list: HTMLElement,
    private readonly graph: () => DependencyGraph,
    private readonly words: Words,
    private readonly choose: (slug: string) => void,
    private readonly narrow: (text: string) => void,
  ) {
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("autocomplete", "off");
    input.addEventListener("input", () => {
      this.suggest();
      if (!input.value) this.narrow("");
    });
    input.addEventListener("keydown", (event) => { this.onKey(event); });
    input.addEventListener("blur", () => { setTimeout(() => { this.close(); }, 150); });
    input.form?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    list.addEventListener("pointerdown", (event) => {
      const option = event.target instanceof Element ? event.target.closest<HTMLElement>("[role='option']") : null;
      if (!option) return;
      event.preventDefault();
      this.take(option);
    });
    this.close();
  }

  set value(text: string) {
    if (document.activeElement !== this.input) this.input.value = text;
  }

  private get options(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>("[role='option']")];
  }

  private suggest(): void {
    const graph = this.graph();
    const found = graph.search(this.input.value, MOST);
    this.list.replaceChildren(...found.map((place, at) => {
      const node = graph.node(place);
      const row = document.createElement("li");
      row.id = `map-suggestion-${String(at)}`;
      row.setAttribute("role", "option");
      row.dataset["slug"] = node.id;
      const name = document.createElement("span");
      name.className = "grow truncate";
      name.textContent = node.name;
      const team = document.createElement("span");
      team.className = "muted text-12 nowrap";
      team.textContent = graph.data.teams[node.team]?.name ?? "";
      row.append(icon(this.words.kinds[node.kind]?.icon ?? "server"), name, team);
      return row;
    }));
    this.mark(-1);
    this.list.hidden = found.length === 0;
    this.input.setAttribute("aria-expanded", String(found.length > 0));
  }

  private onKey(event: KeyboardEvent): void {
    const count = this.options.length;
    if (event.key === "Escape" && !this.list.hidden) this.close();
    else if (event.key === "ArrowDown" && count > 0) this.mark((this.active + 1) % count);
    else if (event.key === "ArrowUp" && count > 0) this.mark((this.active <= 0 ? count : this.active) - 1);
    else return;
    event.preventDefault();
  }

  private submit(): void {
    const option = this.list.hidden ? undefined : this.options[this.active];
    if (option) {
      this.take(option);
      return;
    }
    this.close();
    this.narrow(this.input.value.trim());
  }

  private take(option: HTMLElement): void {
    this.input.value = "";
    this.close();
    this.choose(option.dataset["slug"] ?? "");
  }

  private mark(at: number): void {
    this.active = at;
    this.options.forEach((option, index) => { option.setAttribute("aria-selected", String(index === at)); });
    const option = this.options[at];
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  private close(): void {
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
