import { connection } from "../live/connection.ts";
import { csrfToken } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { clockTime } from "../lib/times.ts";
import { toast } from "../lib/toast.ts";

/** A note that could not be sent. `key` is its own name: sent twice, it is stored once. */
export interface WaitingNote {
  key: string;
  incident: string;
  url: string;
  text: string;
  happenedAt: string;
}

export interface Store {
  all(): Promise<WaitingNote[]>;
  put(note: WaitingNote): Promise<void>;
  remove(key: string): Promise<void>;
}

export type Sent = "done" | "lost" | "signed-out" | { refused: string };

export function newKey(): string {
  return crypto.randomUUID();
}

/** Notes in the order in which they were written. */
function ordered(notes: WaitingNote[]): WaitingNote[] {
  return [...notes].sort((a, b) => a.happenedAt.localeCompare(b.happenedAt));
}

/**
 * Notes waiting to be sent, one after the other and in order. What cannot be sent now stays; what the server
 * refuses stays too and says why, for its writer to take out.
 */
export class Outbox extends EventTarget {
  notes: WaitingNote[] = [];
  readonly refusals = new Map<string, string>();
  signedOut = false;
  private sending: Promise<void> | undefined;

  constructor(private readonly store: Store, private readonly send: (note: WaitingNote) => Promise<Sent>) {
    super();
  }

  async load(): Promise<void> {
    this.notes = ordered(await this.store.all());
    this.tell();
  }

  async add(note: WaitingNote): Promise<void> {
    await this.store.put(note);
    this.notes = ordered([...this.notes.filter((each) => each.key !== note.key), note]);
    this.tell();
  }

  async drop(key: string): Promise<void> {
    await this.store.remove(key);
    this.refusals.delete(key);
    this.notes = this.notes.filter((each) => each.key !== key);
    this.tell();
  }

  /** Sends what waits; a second call while one is under way is the same one. */
  flush(): Promise<void> {
    this.sending ??= this.run().finally(() => { this.sending = undefined; });
    return this.sending;
  }

  private async run(): Promise<void> {
    for (const note of [...this.notes]) {
      const answer = await this.send(note);
      if (answer === "lost") return;
      this.signedOut = answer === "signed-out";
      if (this.signedOut) {
        this.tell();
        return;
      }
      if (answer === "done") {
        await this.drop(note.key);
        document.dispatchEvent(new Event("wb:written"));
      }
      if (typeof answer === "object") this.refusals.set(note.key, answer.refused);
    }
    this.tell();
  }

  private tell(): void {
    this.dispatchEvent(new Event("change"));
  }
}

const DATABASE = "watchbill";
const TABLE = "notes";

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => { request.result.createObjectStore(TABLE, { keyPath: "key" }); };
    request.onsuccess = () => { resolve(request.result); };
    request.onerror = () => { reject(request.error ?? new Error("no store")); };
  });
}

async function inStore<T>(mode: IDBTransactionMode, act: (table: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await opened();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(TABLE, mode);
      const request = act(transaction.objectStore(TABLE));
      transaction.oncomplete = () => { resolve(request.result); };
      transaction.onabort = () => { reject(transaction.error ?? new Error("aborted")); };
    });
  } finally {
    database.close();
  }
}

const browserStore: Store = {
  all: () => inStore("readonly", (table) => table.getAll() as IDBRequest<WaitingNote[]>),
  put: async (note) => { await inStore("readwrite", (table) => table.put(note)); },
  remove: async (key) => { await inStore("readwrite", (table) => table.delete(key)); },
};

/** What an answer of the composer's address means. A redirect is the sign-in page. */
export async function meaning(response: Response): Promise<Sent> {
  if (response.status >= 500 || response.status === 429) return "lost";
  if (response.redirected || response.status === 401 || response.status === 403) return "signed-out";
  if (response.ok) return "done";
  const body = (await response.json().catch(() => ({}))) as { detail?: string };
  return { refused: body.detail ?? t("The server did not take it.") };
}

export async function post(url: string, body: FormData): Promise<Response> {
  return fetch(url, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": csrfToken() } });
}

async function sendNote(note: WaitingNote): Promise<Sent> {
  const body = new FormData();
  body.set("text", note.text);
  body.set("key", note.key);
  body.set("happened_at", note.happenedAt);
  try {
    return await meaning(await post(note.url, body));
  } catch {
    return "lost";
  }
}

let shared: Outbox | undefined;

export function outbox(): Outbox {
  shared ??= new Outbox(browserStore, sendNote);
  return shared;
}

/** `<wb-outbox incident="42">` shows what waits to be sent for that incident, and sends it when it can. */
export class OutboxElement extends HTMLElement {
  private readonly onChange = (): void => { this.render(); };
  private readonly onBack = (): void => { void outbox().flush(); };
  private readonly onLive = (): void => { if (connection().state === "live") void outbox().flush(); };

  connectedCallback(): void {
    outbox().addEventListener("change", this.onChange);
    window.addEventListener("online", this.onBack);
    connection().addEventListener("state", this.onLive);
    void outbox().load().then(() => outbox().flush()).catch(() => undefined);
  }

  disconnectedCallback(): void {
    outbox().removeEventListener("change", this.onChange);
    window.removeEventListener("online", this.onBack);
    connection().removeEventListener("state", this.onLive);
  }

  private render(): void {
    const waiting = outbox().notes.filter((note) => note.incident === this.getAttribute("incident"));
    this.replaceChildren(...waiting.map((note) => this.row(note)));
    if (waiting.length > 0 && outbox().signedOut) this.append(line("outbox__out", t("You are signed out. Sign in again; these notes are kept on this device.")));
  }

  private row(note: WaitingNote): HTMLElement {
    const row = document.createElement("div");
    row.className = "outbox__row";
    const refused = outbox().refusals.get(note.key);
    row.append(line("outbox__time", clockTime(new Date(note.happenedAt))), line("outbox__text", note.text));
    row.append(line("outbox__state", refused ?? t("waiting to be sent")));
    if (refused !== undefined) row.append(this.dropButton(note));
    return row;
  }

  private dropButton(note: WaitingNote): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-quiet button-sm";
    button.textContent = t("Discard");
    button.addEventListener("click", () => {
      void outbox().drop(note.key);
      toast(t("Discarded"), "info");
    });
    return button;
  }
}

function line(css: string, text: string): HTMLElement {
  const element = document.createElement("span");
  element.className = css;
  element.textContent = text;
  return element;
}

customElements.define("wb-outbox", OutboxElement);
