import type { LiveEntry } from "../live/connection.ts";
import { t } from "../lib/i18n.ts";

export type Sound = "page" | "feed";

/** Notes as [frequency Hz, start s, length s]: a page rises and insists, the feed is one soft tone. */
export const TUNES: Record<Sound, readonly (readonly [number, number, number])[]> = {
  page: [[740, 0, 0.14], [988, 0.17, 0.14], [740, 0.42, 0.14], [988, 0.59, 0.22]],
  feed: [[523, 0, 0.28]],
};

const STORE = "wb-sound";

/** Which sound an entry asks for: what reaches me, or new words for the public. */
export function soundFor(entry: Pick<LiveEntry, "topic" | "event">, feedEvents: readonly string[]): Sound | undefined {
  if (entry.topic === "me") return entry.event === "page" ? "page" : undefined;
  if (entry.topic === "feed" && feedEvents.includes(entry.event)) return "feed";
  return undefined;
}

/** `<wb-sound feed-events="update_sent public_notice">`: silent until tapped; `data-state` is off, on or blocked. */
export class SoundElement extends HTMLElement {
  private context: AudioContext | undefined;
  private readonly onLive = (event: Event): void => {
    const events = (this.getAttribute("feed-events") ?? "update_sent public_notice").split(/\s+/);
    const sound = soundFor((event as CustomEvent<LiveEntry>).detail, events);
    if (sound && this.dataset["state"] === "on") this.play(sound);
  };

  connectedCallback(): void {
    document.addEventListener("wb:live", this.onLive);
    this.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-sound]");
      if (button) void this.press(button.dataset["sound"] ?? "");
    });
    this.enter(localStorage.getItem(STORE) === "on" ? "blocked" : "off");
  }

  disconnectedCallback(): void {
    document.removeEventListener("wb:live", this.onLive);
  }

  private async press(what: string): Promise<void> {
    if (what === "toggle" && this.dataset["state"] === "on") {
      localStorage.setItem(STORE, "off");
      this.enter("off");
      return;
    }
    this.context ??= new AudioContext();
    await this.context.resume();
    if (what === "toggle") {
      localStorage.setItem(STORE, "on");
      this.enter("on");
    }
    this.play(what === "test-page" ? "page" : "feed");
  }

  private play(sound: Sound): void {
    const context = this.context;
    if (!context) return;
    for (const [frequency, start, length] of TUNES[sound]) {
      const from = context.currentTime + start;
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.type = sound === "page" ? "triangle" : "sine";
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.0001, from);
      volume.gain.exponentialRampToValueAtTime(sound === "page" ? 0.35 : 0.14, from + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, from + length);
      tone.connect(volume).connect(context.destination);
      tone.start(from);
      tone.stop(from + length);
    }
  }

  /** Browsers allow sound only after a tap on this very page: until then an enabled sound is "blocked". */
  private enter(state: "off" | "on" | "blocked"): void {
    this.dataset["state"] = state;
    const button = this.querySelector<HTMLElement>("[data-sound='toggle']");
    button?.setAttribute("aria-pressed", String(state === "on"));
    const label = button?.querySelector(".button__label");
    const words = { off: t("Sound off"), on: t("Sound on"), blocked: t("Tap to hear pages") };
    if (label) label.textContent = words[state];
    const use = button?.querySelector(".button__icon use");
    use?.setAttribute("href", (use.getAttribute("href") ?? "").replace(/#.*/, state === "on" ? "#volume-2" : "#volume-x"));
  }
}

customElements.define("wb-sound", SoundElement);
