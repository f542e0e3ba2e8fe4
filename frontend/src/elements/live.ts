import { connection } from "../live/connection.ts";
import { t } from "../lib/i18n.ts";
import { clockTime } from "../lib/times.ts";
import { toast } from "../lib/toast.ts";

/** `<wb-live topics="incident:42:17 feed">` around a LIVE dot; topics may stand without a dot too. */
export class LiveElement extends HTMLElement {
  private topics = "";
  private readonly onState = (): void => { this.render(); };

  connectedCallback(): void {
    this.topics = this.getAttribute("topics") ?? "";
    connection().addEventListener("state", this.onState);
    connection().add(this.topics);
    this.render();
  }

  disconnectedCallback(): void {
    connection().removeEventListener("state", this.onState);
    connection().remove(this.topics);
  }

  private render(): void {
    const dot = this.querySelector<HTMLElement>(".live-dot");
    if (!dot) return;
    const { state, lostAt } = connection();
    dot.dataset["state"] = state;
    const label = dot.querySelector(".live-dot__label");
    if (label) label.textContent = describe(state, lostAt);
  }
}

export function describe(state: string, lostAt: Date | undefined): string {
  if (state === "live") return t("Live");
  const at = lostAt ? clockTime(lostAt) : "";
  if (state === "reconnecting") return t("Reconnecting since {at}", { at });
  if (state === "stale") return t("Stale since {at}", { at });
  return t("Connecting");
}

document.addEventListener("wb:live-closed", (event) => {
  const { topic, reason } = (event as CustomEvent<{ topic: string; reason: string }>).detail;
  if (reason === "revoked") toast(t("You no longer have access to {topic}; this page is not updated any more.", { topic }), "danger");
});

customElements.define("wb-live", LiveElement);
