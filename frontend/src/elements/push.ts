import { csrfToken } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { keepToken, readToken } from "../worker/renewal.ts";

export type State = "off" | "insecure" | "ios" | "unsupported" | "closed" | "denied" | "away" | "here";

/** What the browser is able to do and has been told, without asking the person anything. */
export interface Abilities {
  secure: boolean;
  worker: boolean;
  push: boolean;
  ios: boolean;
  permission: NotificationPermission | "";
}

export function abilities(view: Window & typeof globalThis = window): Abilities {
  const agent = view.navigator.userAgent;
  const touchMac = /Macintosh/.test(agent) && view.navigator.maxTouchPoints > 1;
  return {
    secure: view.isSecureContext,
    worker: "serviceWorker" in view.navigator,
    push: "PushManager" in view && "Notification" in view,
    ios: /iPhone|iPad|iPod/.test(agent) || touchMac,
    permission: "Notification" in view ? view.Notification.permission : "",
  };
}

/** Why push cannot be had here, or nothing. */
export function hindrance(found: Abilities, key: string): State | undefined {
  if (!key) return "closed";
  if (!found.secure) return "insecure";
  if (!found.worker || !found.push) return found.ios ? "ios" : "unsupported";
  if (found.permission === "denied") return "denied";
  return undefined;
}

/** The first 8 hex digits of SHA-256, as the server names a subscription. */
export async function fingerprint(endpoint: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
  return [...new Uint8Array(digest).slice(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Whether the subscription was made with this key; another one cannot be sent to any more. */
export function sameKey(made: ArrayBuffer | null, key: string): boolean {
  if (!made) return true;
  const wanted = bytes(key);
  const found = new Uint8Array(made);
  return found.length === wanted.length && found.every((byte, index) => byte === wanted[index]);
}

/**
 * `<wb-push data-key data-known data-url>`: shows the part `[data-when~="state"]` that fits this browser and
 * subscribes it on a click of `[data-push="on"]`.
 */
export class PushElement extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", (event) => {
      if ((event.target as Element).closest("[data-push='on']")) void this.subscribe();
    });
    void this.look();
  }

  private get key(): string {
    return this.dataset["key"] ?? "";
  }

  private async look(): Promise<void> {
    const able = abilities();
    // Also where push is not to be had: the worker says so when there is no network.
    const registration = able.secure && able.worker ? await this.worker() : undefined;
    const why = hindrance(able, this.key);
    if (why || !registration) {
      this.show(why ?? "unsupported");
      return;
    }
    const there = await registration.pushManager.getSubscription();
    const known = (this.dataset["known"] ?? "").split(" ").filter(Boolean);
    const print = there ? await fingerprint(there.endpoint) : "";
    if (print && known.includes(print)) this.show("here", print);
    else this.show(known.length > 0 ? "away" : "off");
  }

  /** Nothing when the browser refuses, as in some private windows. */
  private async worker(): Promise<ServiceWorkerRegistration | undefined> {
    return navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" }).catch(() => undefined);
  }

  private async subscribe(): Promise<void> {
    this.busy(true);
    this.problem("");
    try {
      await this.ask();
    } catch (error) {
      this.problem(t("This browser could not subscribe: {reason}", { reason: error instanceof Error ? error.message : "" }));
    } finally {
      this.busy(false);
    }
  }

  /** Asks the person, then the browser, then tells the server. */
  private async ask(): Promise<void> {
    const permission = await Notification.requestPermission();
    if (permission !== "granted") {
      if (permission === "denied") this.show("denied");
      return;
    }
    const registration = await navigator.serviceWorker.ready;
    const before = await registration.pushManager.getSubscription();
    if (before && !sameKey(before.options.applicationServerKey, this.key)) await before.unsubscribe();
    const made = await registration.pushManager.subscribe({
      userVisibleOnly: true, applicationServerKey: bytes(this.key),
    });
    const response = await fetch(this.dataset["url"] ?? "", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
      body: JSON.stringify({ subscription: made.toJSON(), token: await readToken(caches) }),
    });
    const body = (await response.json().catch(() => ({}))) as { token?: string; detail?: string };
    if (!response.ok || body.token === undefined) {
      this.problem(body.detail ?? t("The server did not take it. Reload the page and try again."));
      return;
    }
    await keepToken(caches, body.token);
    location.reload();
  }

  private show(state: State, print = ""): void {
    this.dataset["state"] = state;
    for (const part of this.querySelectorAll<HTMLElement>("[data-when]")) {
      part.hidden = !(part.dataset["when"] ?? "").split(" ").includes(state);
    }
    for (const form of this.querySelectorAll<HTMLElement>("[data-fingerprint]")) {
      form.hidden = form.dataset["fingerprint"] !== print;
    }
  }

  private busy(busy: boolean): void {
    for (const button of this.querySelectorAll("[data-push]")) button.setAttribute("aria-busy", String(busy));
  }

  private problem(sentence: string): void {
    const words = this.querySelector<HTMLElement>("[data-problem]");
    if (!words) return;
    words.textContent = sentence;
    words.hidden = sentence === "";
  }
}

customElements.define("wb-push", PushElement);
