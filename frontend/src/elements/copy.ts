import { t } from "../lib/i18n.ts";
import { toast } from "../lib/toast.ts";

/** `<wb-copy value="…">` or `<wb-copy from="element id">` around a button. */
export class CopyElement extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", () => void this.copy());
  }

  private text(): string {
    const from = this.getAttribute("from");
    if (from) return document.getElementById(from)?.textContent.trim() ?? "";
    return this.getAttribute("value") ?? "";
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text());
      this.confirm();
    } catch {
      toast(t("Your browser did not allow copying. Select the text and copy it."), "warn");
    }
  }

  private confirm(): void {
    const label = this.querySelector(".button__label");
    const use = this.querySelector("use");
    const before = { text: label?.textContent ?? "", href: use?.getAttribute("href") ?? "" };
    if (this.dataset["state"] === "copied") return;
    this.dataset["state"] = "copied";
    if (label) label.textContent = t("Copied");
    use?.setAttribute("href", before.href.replace(/#.*/, "#check"));
    setTimeout(() => {
      delete this.dataset["state"];
      if (label) label.textContent = before.text;
      use?.setAttribute("href", before.href);
    }, 1600);
  }
}

customElements.define("wb-copy", CopyElement);
