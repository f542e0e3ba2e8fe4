import { isTyping } from "./dom.ts";

/** The rows of a list marked `data-list`: whatever holds one link that opens it. */
function rowsOf(list: Element): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>("[data-row], tbody tr:has(.row-link)")];
}

export function nextIndex(current: number, step: number, count: number): number {
  if (current < 0) return step > 0 ? 0 : count - 1;
  return Math.min(Math.max(current + step, 0), count - 1);
}

export function move(list: Element, step: number): void {
  const rows = rowsOf(list);
  if (rows.length === 0) return;
  const current = rows.findIndex((row) => row.classList.contains("is-cursor"));
  const next = nextIndex(current, step, rows.length);
  rows[current]?.classList.remove("is-cursor");
  const row = rows[next];
  row?.classList.add("is-cursor");
  row?.querySelector<HTMLElement>(".row-link, .cover, a, button")?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key !== "j" && event.key !== "k") return;
  if (document.body.dataset["keys"] === "off" || document.querySelector("dialog[open]")) return;
  const list = document.querySelector("[data-list]");
  if (!list) return;
  event.preventDefault();
  move(list, event.key === "j" ? 1 : -1);
});
