import { icon } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { changed, isSet, queryOf, type View } from "./view.ts";

/**
 * The links of the toolbar carry `data-set` and `data-value`. Without script they lead to the list; here they change
 * the picture and keep their addresses true.
 */
export class Toolbar {
  constructor(private readonly root: HTMLElement, apply: (change: (view: View) => View) => void) {
    root.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-set]") : null;
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      apply((view) => changed(view, link.dataset["set"] ?? "", link.dataset["value"] ?? ""));
    });
  }

  show(view: View, focusName: string, groupName: (key: string) => string): void {
    this.showOpen(view, groupName);
    for (const link of this.root.querySelectorAll<HTMLAnchorElement>("[data-set]")) {
      const [name, value] = [link.dataset["set"] ?? "", link.dataset["value"] ?? ""];
      link.href = queryOf(changed(view, name, value));
      if (isSet(view, name, value)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    // The switch between map and list stands in the head of the page.
    for (const link of document.querySelectorAll<HTMLAnchorElement>("main [data-list]")) link.href = queryOf(view, true);
    for (const part of this.root.querySelectorAll<HTMLElement>("[data-when='focus']")) part.hidden = !view.focus;
    for (const part of this.root.querySelectorAll<HTMLElement>("[data-focus-name]")) part.textContent = focusName;
    const narrowed = Boolean(view.q) || view.layers.length > 0 || view.incident;
    for (const part of this.root.querySelectorAll<HTMLElement>("[data-when='filtered']")) part.hidden = !narrowed;
  }

  /** A chip for each unfolded group, to fold it again. */
  private showOpen(view: View, groupName: (key: string) => string): void {
    const place = this.root.querySelector<HTMLElement>("[data-open-groups]");
    if (!place) return;
    place.hidden = view.open.length === 0;
    place.querySelectorAll("a").forEach((link) => { link.remove(); });
    for (const key of view.open) {
      const link = document.createElement("a");
      link.className = "filter-chip";
      Object.assign(link.dataset, { set: "open", value: key });
      link.setAttribute("aria-label", t("Fold {name}", { name: groupName(key) }));
      link.append(groupName(key), icon("x"));
      place.append(link);
    }
  }
}
