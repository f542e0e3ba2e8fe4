import { connection, type LiveEntry } from "../live/connection.ts";
import { t } from "../lib/i18n.ts";

interface Person {
  id: number;
  name: string;
}

const NAMED = 3;

/** "Ada, Bo and 2 more are here too"; empty when nobody else is. */
export function describePresence(people: readonly Person[], me: number): string {
  const others = people.filter((person) => person.id !== me).map((person) => person.name);
  if (others.length === 0) return "";
  if (others.length === 1) return t("{name} is here too", { name: others[0] ?? "" });
  const named = others.slice(0, NAMED).join(", ");
  const more = others.length - NAMED;
  return more > 0 ? t("{names} and {count} more are here too", { names: named, count: more }) : t("{names} are here too", { names: named });
}

/** `<wb-presence topic="incident:42" me="7">`: who else has the page open. */
export class PresenceElement extends HTMLElement {
  private readonly onLive = (event: Event): void => {
    const entry = (event as CustomEvent<LiveEntry>).detail;
    if (entry.event !== "presence" || entry.topic !== this.getAttribute("topic")) return;
    const { people } = entry.data as { people: Person[] };
    const text = describePresence(people, Number(this.getAttribute("me")));
    const label = this.querySelector("[data-names]");
    if (label) label.textContent = text;
    this.hidden = text === "";
  };

  connectedCallback(): void {
    document.addEventListener("wb:live", this.onLive);
    connection().present(this.getAttribute("topic") ?? "");
  }

  disconnectedCallback(): void {
    document.removeEventListener("wb:live", this.onLive);
  }
}

customElements.define("wb-presence", PresenceElement);
