import { t } from "./i18n.ts";

/** What the list offers for a shift, as a small menu at its block. Escape and a press elsewhere close it. */
export function openShiftMenu(host: HTMLElement, link: SVGAElement, row: HTMLElement): void {
  host.querySelector(".board__menu")?.remove();
  const menu = document.createElement("div");
  menu.className = "menu__panel board__menu";
  menu.setAttribute("role", "group");
  menu.setAttribute("aria-label", link.getAttribute("aria-label") ?? "");
  const heading = document.createElement("p");
  heading.className = "menu__head strong";
  heading.textContent = link.getAttribute("aria-label") ?? "";
  menu.append(heading, ...offers(row), details(menu, row));
  host.append(menu);
  menu.setAttribute("popover", "auto");
  menu.addEventListener("keydown", (event) => {
    step(menu, event);
  });
  menu.addEventListener("toggle", (event) => {
    if ((event as ToggleEvent).newState === "closed") close(menu, link);
  });
  if (typeof menu.showPopover === "function") menu.showPopover();
  position(menu, link);
  items(menu)[0]?.focus();
}

function items(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>("a, button")];
}

/** The forms and links of the row, without the fold that holds them there. */
function offers(row: HTMLElement): Node[] {
  const found = [...row.querySelectorAll(".shift-actions > form, .shift-more__items > *")];
  return found.map((each) => {
    const copy = each.cloneNode(true) as Element;
    const button = copy.querySelector("button");
    if (button) button.className = "menu__item";
    return copy;
  });
}

function details(menu: HTMLElement, row: HTMLElement): Node {
  const link = document.createElement("a");
  link.className = "menu__item";
  link.href = `#${row.id}`;
  link.textContent = t("Details");
  link.addEventListener("click", () => {
    if (typeof menu.hidePopover === "function") menu.hidePopover();
  });
  return link;
}

function close(menu: HTMLElement, link: SVGAElement): void {
  const inside = menu.contains(document.activeElement) || document.activeElement === document.body;
  menu.remove();
  if (inside) link.focus();
}

function step(menu: HTMLElement, event: KeyboardEvent): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  const all = items(menu);
  const at = all.indexOf(document.activeElement as HTMLElement);
  all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]?.focus();
}

/** Under the block, inside the window: the style sheet cannot know the place. */
function position(menu: HTMLElement, link: SVGAElement): void {
  const box = link.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(8, Math.min(Math.max(box.left, 8), innerWidth - width - 8));
  const below = box.bottom + 4;
  const top = below + height > innerHeight ? Math.max(8, box.top - height - 4) : below;
  menu.style.setProperty("left", `${String(left)}px`);
  menu.style.setProperty("top", `${String(top)}px`);
}
