/** `<details class="menu">` closes on Escape, on a click elsewhere, and when focus leaves. */
const OPEN = "details.menu[open]";

function close(menu: HTMLDetailsElement, refocus: boolean): void {
  menu.open = false;
  if (refocus) menu.querySelector("summary")?.focus();
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>(OPEN)) {
    if (!menu.contains(event.target as Node)) close(menu, false);
  }
});

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector<HTMLDetailsElement>(OPEN);
  if (!menu) return;
  if (event.key === "Escape") {
    close(menu, true);
    return;
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const items = [...menu.querySelectorAll<HTMLElement>(".menu__item")];
  if (items.length === 0 || !menu.contains(document.activeElement)) return;
  event.preventDefault();
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
});

document.addEventListener("focusout", (event) => {
  const menu = event.target instanceof Element ? event.target.closest<HTMLDetailsElement>(OPEN) : null;
  if (menu && event.relatedTarget instanceof Node && !menu.contains(event.relatedTarget)) close(menu, false);
});
