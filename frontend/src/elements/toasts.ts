import { csrfToken, icon } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import type { ToastRequest, Tone } from "../lib/toast.ts";
import { toast as say } from "../lib/toast.ts";

const ICONS: Record<Tone, string> = { ok: "circle-check", info: "info", warn: "triangle-alert", danger: "circle-alert" };
const SHOWN_MS = 6_000;
const UNDO_MS = 10_000;

function button(className: string, label: string, content: Node | string): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  if (label) element.setAttribute("aria-label", label);
  element.append(content);
  return element;
}

export function buildToast({ text, tone = "info", undo }: ToastRequest): HTMLElement {
  const element = document.createElement("div");
  element.className = `toast toast-${tone}`;
  element.dataset["tone"] = tone;
  const words = document.createElement("div");
  words.className = "toast__text";
  words.textContent = text;
  element.append(icon(ICONS[tone]), words);
  if (undo) {
    const take = button("button button-sm toast__undo", "", t("Undo"));
    take.dataset["undo"] = undo;
    element.append(take);
  }
  const close = button("toast__close", t("Dismiss"), icon("x"));
  close.dataset["dismiss"] = "";
  element.append(close);
  return element;
}

/** `<wb-toasts>`: shows server messages and `wb:toast` events; errors stay until dismissed. */
export class ToastsElement extends HTMLElement {
  connectedCallback(): void {
    document.addEventListener("wb:toast", this);
    this.addEventListener("click", this);
    for (const element of this.querySelectorAll<HTMLElement>(".toast")) this.schedule(element);
  }

  disconnectedCallback(): void {
    document.removeEventListener("wb:toast", this);
  }

  handleEvent(event: Event): void {
    if (event.type === "wb:toast") {
      this.show((event as CustomEvent<ToastRequest>).detail);
      return;
    }
    const target = event.target as Element;
    const taken = target.closest<HTMLElement>("[data-undo]");
    if (taken) void this.undo(taken.dataset["undo"] ?? "");
    if (taken || target.closest("[data-dismiss]")) target.closest(".toast")?.remove();
  }

  show(request: ToastRequest): void {
    const element = buildToast(request);
    this.append(element);
    this.schedule(element);
    while (this.children.length > 4) this.firstElementChild?.remove();
  }

  private schedule(element: HTMLElement): void {
    const undo = element.querySelector("[data-undo]") !== null;
    if (!undo && element.dataset["tone"] === "danger") return;
    let timer = setTimeout(() => { element.remove(); }, undo ? UNDO_MS : SHOWN_MS);
    const hold = (): void => { clearTimeout(timer); };
    const release = (): void => { timer = setTimeout(() => { element.remove(); }, SHOWN_MS); };
    if (undo) return;
    element.addEventListener("pointerenter", hold);
    element.addEventListener("pointerleave", release);
    element.addEventListener("focusin", hold);
    element.addEventListener("focusout", release);
  }

  private async undo(url: string): Promise<void> {
    const answer = await fetch(url, { method: "POST", headers: { "X-CSRFToken": csrfToken() } }).catch(() => undefined);
    if (answer?.ok) location.reload();
    else say(t("This could not be undone any more."), "danger");
  }
}

customElements.define("wb-toasts", ToastsElement);
