import { fragmentOf } from "../lib/dom.ts";
import { nextIndex } from "../lib/lists.ts";
import { t } from "../lib/i18n.ts";

const WAIT_MS = 120;

/**
 * `<wb-palette url="/search/">` around a dialog with `.palette__input` and `.palette__results`. The server answers
 * `?q=` with links marked `role="option"`. Without script the opener is a plain link to the search page.
 */
export class PaletteElement extends HTMLElement {
  private request: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private loaded = false;
  private readonly onKeydown = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      this.toggle();
    }
  };

  private readonly onClick = (event: MouseEvent): void => {
    const opener = event.target instanceof Element ? event.target.closest("[data-palette]") : null;
    if (!opener || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.toggle();
  };

  connectedCallback(): void {
    document.addEventListener("keydown", this.onKeydown);
    document.addEventListener("click", this.onClick);
    this.input.addEventListener("input", () => { this.later(); });
    this.input.addEventListener("keydown", (event) => { this.steer(event); });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.onKeydown);
    document.removeEventListener("click", this.onClick);
  }

  private get dialog(): HTMLDialogElement {
    return this.querySelector("dialog") as HTMLDialogElement;
  }

  private get input(): HTMLInputElement {
    return this.querySelector(".palette__input") as HTMLInputElement;
  }

  private get results(): HTMLElement {
    return this.querySelector(".palette__results") as HTMLElement;
  }

  private get options(): HTMLElement[] {
    return [...this.results.querySelectorAll<HTMLElement>("[role='option']")];
  }

  private toggle(): void {
    if (this.dialog.open) {
      this.dialog.close();
      return;
    }
    this.dialog.showModal();
    this.input.select();
    if (!this.loaded) void this.search();
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.search(), WAIT_MS);
  }

  private async search(): Promise<void> {
    this.request?.abort();
    const request = new AbortController();
    this.request = request;
    const url = `${this.getAttribute("url") ?? "/search/"}?q=${encodeURIComponent(this.input.value)}`;
    try {
      const response = await fetch(url, { headers: { "HX-Request": "true" }, signal: request.signal });
      if (!response.ok) throw new Error(String(response.status));
      this.results.replaceChildren(fragmentOf(await response.text()));
      this.loaded = true;
      this.options.forEach((option, index) => { option.id ||= `palette-${String(index)}`; });
      this.select(0);
    } catch {
      if (!request.signal.aborted) this.note(t("Search does not answer. Enter opens the search page."));
    }
  }

  private note(text: string): void {
    const note = document.createElement("p");
    note.className = "palette__note";
    note.textContent = text;
    this.results.replaceChildren(note);
  }

  private select(index: number): void {
    const options = this.options;
    options.forEach((option, at) => { option.setAttribute("aria-selected", String(at === index)); });
    const chosen = options[index];
    if (chosen) this.input.setAttribute("aria-activedescendant", chosen.id);
    else this.input.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  private steer(event: KeyboardEvent): void {
    const options = this.options;
    const current = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.select(nextIndex(current, event.key === "ArrowDown" ? 1 : -1, options.length));
    } else if (event.key === "Enter" && options[current]) {
      event.preventDefault();
      options[current].click();
    }
  }
}

customElements.define("wb-palette", PaletteElement);
