/**
 * `data-dialog="id"` opens `<wb-dialog><dialog id=…>`; `data-close` inside closes it. A dialog that arrives
 * through htmx with `auto` opens itself. Closing gives focus back to the opener (the browser does that).
 */
export class DialogElement extends HTMLElement {
  get dialog(): HTMLDialogElement | null {
    return this.querySelector("dialog");
  }

  connectedCallback(): void {
    this.addEventListener("click", this);
    if (this.hasAttribute("auto")) this.open();
  }

  handleEvent(event: Event): void {
    const target = event.target as Element;
    if (target === this.dialog && this.isBackdrop(event as MouseEvent)) this.close();
    else if (target.closest("[data-close]")) {
      event.preventDefault();
      this.close();
    }
  }

  open(): void {
    const dialog = this.dialog;
    if (!dialog || dialog.open) return;
    dialog.showModal();
    dialog.querySelector<HTMLElement>("[autofocus], [aria-invalid='true']")?.focus();
  }

  close(): void {
    this.dialog?.close();
    if (this.hasAttribute("auto")) this.remove();
  }

  /** A click on the backdrop closes only dialogs in which nothing was typed. */
  private isBackdrop(event: MouseEvent): boolean {
    const box = this.dialog?.getBoundingClientRect();
    if (!box || this.hasAttribute("data-dirty")) return false;
    return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  }
}

customElements.define("wb-dialog", DialogElement);

document.addEventListener("input", (event) => {
  if (event.target instanceof Element) event.target.closest("wb-dialog")?.setAttribute("data-dirty", "");
});

document.addEventListener("click", (event) => {
  const opener = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-dialog]") : null;
  if (!opener || event.defaultPrevented) return;
  const host = document.getElementById(opener.dataset["dialog"] ?? "")?.closest("wb-dialog");
  if (!(host instanceof DialogElement)) return;
  event.preventDefault();
  host.open();
});

/** A server answer closes the dialog it came from with `HX-Trigger: wb:close-dialog`. */
document.addEventListener("wb:close-dialog", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) {
    const host = dialog.closest("wb-dialog");
    if (host instanceof DialogElement) host.close();
  }
});
