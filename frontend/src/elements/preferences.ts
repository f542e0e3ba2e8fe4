const YEAR_SECONDS = 365 * 24 * 3600;

function remember(name: string, value: string): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${String(YEAR_SECONDS)}; SameSite=Lax${secure}`;
}

/** `<wb-theme>` around buttons with `data-theme-set="light|dark|system"`; the server reads the cookie `wb_theme`. */
export class ThemeElement extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-theme-set]");
      if (button) this.choose(button.dataset["themeSet"] ?? "system");
    });
    this.mark(document.documentElement.dataset["theme"] ?? "system");
  }

  private choose(theme: string): void {
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    remember("wb_theme", theme);
    this.mark(theme);
  }

  private mark(theme: string): void {
    for (const button of this.querySelectorAll<HTMLElement>("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset["themeSet"] === theme));
    }
  }
}

/** `<wb-rail>` around the button that folds the left rail to icons. */
export class RailElement extends HTMLElement {
  connectedCallback(): void {
    this.mark();
    this.addEventListener("click", () => {
      const root = document.documentElement;
      if (root.dataset["rail"] === "narrow") delete root.dataset["rail"];
      else root.dataset["rail"] = "narrow";
      remember("wb_rail", root.dataset["rail"] ?? "wide");
      this.mark();
    });
  }

  private mark(): void {
    const expanded = document.documentElement.dataset["rail"] !== "narrow";
    this.querySelector("button")?.setAttribute("aria-expanded", String(expanded));
  }
}

customElements.define("wb-theme", ThemeElement);
customElements.define("wb-rail", RailElement);
