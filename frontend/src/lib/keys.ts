import { isTyping } from "./dom.ts";

/** Keys a person has moved: pressed key → the key the page declares. */
export function parseKeymap(source: string | undefined): Map<string, string> {
  if (!source) return new Map();
  return new Map(Object.entries(JSON.parse(source) as Record<string, string>).map(([own, pressed]) => [pressed, own]));
}

export function findByKey(root: ParentNode, key: string): HTMLElement | undefined {
  for (const element of root.querySelectorAll<HTMLElement>("[data-key]")) {
    if (element.dataset["key"] === key && !element.closest("[hidden]") && !element.matches(":disabled")) return element;
  }
  return undefined;
}

export function activate(element: HTMLElement): void {
  if (element.matches("input:not([type=checkbox], [type=radio], [type=submit]), textarea, select")) element.focus();
  else element.click();
}

export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.body.dataset["keys"] === "off" || event.key.length !== 1) return;
  if (document.querySelector("dialog[open]")) return;
  const key = parseKeymap(document.body.dataset["keymap"]).get(event.key) ?? event.key;
  const element = findByKey(document, key);
  if (!element) return;
  event.preventDefault();
  activate(element);
}

/** Fills the list behind `?` from what this page offers. */
export function listKeys(root: ParentNode): { key: string; label: string }[] {
  const seen = new Set<string>();
  const rows: { key: string; label: string }[] = [];
  for (const element of root.querySelectorAll<HTMLElement>("[data-key]")) {
    const key = element.dataset["key"] ?? "";
    if (seen.has(key)) continue;
    seen.add(key);
    const label = element.dataset["keyLabel"] ?? element.getAttribute("aria-label") ?? element.textContent ?? "";
    rows.push({ key, label: label.trim().replace(/\s+/g, " ") });
  }
  return rows;
}

function fillHelp(): void {
  const list = document.querySelector("[data-keys-list]");
  if (!list) return;
  list.replaceChildren(
    ...listKeys(document).flatMap(({ key, label }) => {
      const term = document.createElement("dt");
      const cap = document.createElement("kbd");
      cap.className = "kbd";
      cap.textContent = key;
      term.append(cap);
      const meaning = document.createElement("dd");
      meaning.textContent = label;
      return [term, meaning];
    }),
  );
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-dialog='wb-keys']")) fillHelp();
});
