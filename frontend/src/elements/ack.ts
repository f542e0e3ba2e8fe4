import { csrfToken } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { backoff } from "../live/connection.ts";

const ANSWER_MS = 8_000;

type Answer = { kind: "done" | "refused"; sentence: string } | { kind: "lost" };

/** The sentence of a JSON answer: `sentence` when it worked, `detail` of a problem otherwise. */
export async function read(response: Response): Promise<Answer> {
  if (response.status >= 500 || response.status === 429) return { kind: "lost" };
  const body = (await response.json().catch(() => ({}))) as { sentence?: string; detail?: string };
  if (response.ok && !response.redirected) return { kind: "done", sentence: body.sentence ?? t("Acknowledged") };
  return { kind: "refused", sentence: body.detail ?? t("Your sign-in may have expired. Reload the page and try again.") };
}

/**
 * `<wb-ack>` around an ordinary form. Nothing is claimed before the server has answered; what cannot be
 * sent is tried again, and `.ack__other` (another way to acknowledge) becomes visible meanwhile.
 */
export class AckElement extends HTMLElement {
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  connectedCallback(): void {
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(this.timer);
      this.attempt = 0;
      void this.send();
    });
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer);
  }

  private async send(): Promise<void> {
    const form = this.querySelector("form");
    if (!form || this.dataset["state"] === "sending") return;
    this.show("sending", t("Sending…"));
    const answer = await this.post(form);
    if (answer.kind !== "lost") {
      this.show(answer.kind, answer.sentence);
      if (answer.kind === "done") this.dispatchEvent(new CustomEvent("wb:acknowledged", { bubbles: true }));
      return;
    }
    this.show("retrying", t("Not sent, retrying"));
    this.timer = setTimeout(() => void this.send(), backoff(this.attempt, 1));
    this.attempt += 1;
  }

  private async post(form: HTMLFormElement): Promise<Answer> {
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      return await read(response);
    } catch {
      return { kind: "lost" };
    }
  }

  private show(state: string, sentence: string): void {
    this.dataset["state"] = state;
    const words = this.querySelector(".ack__state");
    if (words) words.textContent = sentence;
    const button = this.querySelector("button");
    button?.setAttribute("aria-busy", String(state === "sending"));
    const label = button?.querySelector(".button__label");
    if (label && state === "retrying") label.textContent = t("Retry now");
  }
}

customElements.define("wb-ack", AckElement);
