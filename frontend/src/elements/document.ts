import { csrfToken, fragmentOf } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { clockTime } from "../lib/times.ts";
import { draftOf, forgetDraft, keepDraft } from "./document-drafts.ts";
import { applyTool, inserted, mentionBefore, pictureAt, type Edit, type Tool } from "./document-text.ts";

const PREVIEW_MS = 500;
const PEOPLE_MS = 150;
const REPEAT_MS = 20_000;
const LARGEST = 10 * 1024 * 1024;

interface Found {
  id: number;
  name: string;
}

/**
 * `<wb-section-editor document="5" section="summary" me="7">` around the form of one section: tools, preview while typing,
 * pasted and dropped pictures, people to mention, a draft on this device, and telling others that one writes here.
 */
export class SectionEditorElement extends HTMLElement {
  private previewTimer: ReturnType<typeof setTimeout> | undefined;
  private peopleTimer: ReturnType<typeof setTimeout> | undefined;
  private presence: ReturnType<typeof setInterval> | undefined;
  private shown = 0;
  private asked = 0;
  private readonly onLeave = (): void => { this.say("done"); };
  private readonly onRequest = (event: Event): void => { this.saved(event); };

  connectedCallback(): void {
    queueMicrotask(() => { if (this.isConnected) this.start(); });
  }

  private start(): void {
    const toolbar = this.querySelector<HTMLElement>("[role=toolbar]");
    if (toolbar) toolbar.hidden = false;
    this.dataset["ready"] = "";
    this.listen();
    this.bringBack();
    this.say();
    this.presence = setInterval(() => { this.say(); }, REPEAT_MS);
    window.addEventListener("pagehide", this.onLeave);
    document.addEventListener("htmx:afterRequest", this.onRequest);
  }

  disconnectedCallback(): void {
    if (this.presence === undefined) return;
    clearInterval(this.presence);
    clearTimeout(this.previewTimer);
    clearTimeout(this.peopleTimer);
    window.removeEventListener("pagehide", this.onLeave);
    document.removeEventListener("htmx:afterRequest", this.onRequest);
    this.say("done");
  }

  private get form(): HTMLFormElement | null { return this.querySelector("form"); }
  private get text(): HTMLTextAreaElement | null { return this.querySelector("textarea"); }
  private get people(): HTMLElement | null { return this.querySelector("[role=listbox]"); }
  private get picker(): HTMLInputElement | null { return this.querySelector("input[type=file]"); }
  private get base(): string { return `/postmortems/${this.getAttribute("document") ?? ""}/`; }
  private get name(): string { return `${this.getAttribute("me") ?? ""}:${this.getAttribute("document") ?? ""}:${this.getAttribute("section") ?? ""}`; }
  private get version(): HTMLInputElement | null { return this.querySelector("input[name=version]"); }

  private listen(): void {
    this.addEventListener("click", (event) => {
      const target = event.target as Element;
      const tool = target.closest<HTMLElement>("[data-tool]")?.dataset["tool"];
      if (tool) this.use(tool);
      if (target.closest("[data-cancel]")) forgetDraft(this.name);
      const option = target.closest<HTMLElement>("[role=option]");
      if (option) this.choose(option.dataset["name"] ?? "");
    });
    this.addEventListener("input", (event) => {
      if (event.target === this.picker) void this.upload([...(this.picker?.files ?? [])]);
      else if (event.target === this.text) this.typed();
    });
    this.addEventListener("keydown", (event) => { this.key(event); });
    this.addEventListener("paste", (event) => { this.bring(event, event.clipboardData); });
    this.addEventListener("drop", (event) => { this.bring(event, event.dataTransfer); });
    this.addEventListener("dragover", (event) => { if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); });
    this.addEventListener("focusout", () => { setTimeout(() => { if (!this.contains(document.activeElement)) this.showPeople([]); }, 150); });
  }

  private use(tool: string): void {
    if (tool === "image") this.picker?.click();
    else {
      const { text } = this;
      if (text) this.put(applyTool(tool as Tool, text.value, text.selectionStart, text.selectionEnd));
    }
  }

  /** Writes an edit into the field as if it had been typed. */
  private put(edit: Edit): void {
    const { text } = this;
    if (!text) return;
    text.value = edit.text;
    text.focus();
    text.setSelectionRange(edit.start, edit.end);
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  private typed(): void {
    const { text } = this;
    if (!text) return;
    this.keep();
    clearTimeout(this.previewTimer);
    this.previewTimer = setTimeout(() => { void this.preview(); }, PREVIEW_MS);
    clearTimeout(this.peopleTimer);
    const start = mentionBefore(text.value, text.selectionStart);
    if (start === undefined) this.showPeople([]);
    else this.peopleTimer = setTimeout(() => { void this.find(start); }, PEOPLE_MS);
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.text) return;
    if (this.people && !this.people.hidden && this.walk(event)) return;
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const tool = { b: "bold", i: "italic" }[event.key.toLowerCase()];
    if (tool) {
      event.preventDefault();
      this.use(tool);
    } else if (event.key === "Enter") this.form?.requestSubmit(this.querySelector<HTMLButtonElement>("button[value=save]"));
  }

  private async preview(): Promise<void> {
    const { text } = this;
    const target = this.querySelector("[data-preview]");
    if (!text || !target) return;
    const turn = ++this.shown;
    const body = new FormData();
    body.set("text", text.value);
    const response = await this.post("preview/", body);
    if (!response?.ok || turn !== this.shown) return;
    target.replaceChildren(fragmentOf(await response.text()));
  }

  // Pictures

  private bring(event: Event, data: DataTransfer | null): void {
    const files = [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (files.length === 0) return;
    event.preventDefault();
    void this.upload(files);
  }

  private async upload(files: File[]): Promise<void> {
    this.error("");
    for (const file of files) {
      if (file.size > LARGEST) {
        this.error(t("“{name}” is larger than 10 MB.", { name: file.name }));
        continue;
      }
      const body = new FormData();
      body.set("file", file);
      const response = await this.post("images/", body);
      const answer = (await response?.json().catch(() => ({}))) as { markdown?: string; sentence?: string } | undefined;
      const { text } = this;
      if (answer?.markdown && text) this.put(pictureAt(text.value, text.selectionStart, text.selectionEnd, answer.markdown));
      else this.error(answer?.sentence ?? t("The picture was not sent: no connection."));
    }
    if (this.picker) this.picker.value = "";
  }

  private error(sentence: string): void {
    const line = this.querySelector("[data-error]");
    if (line) line.textContent = sentence;
  }

  // People to mention

  private async find(start: string): Promise<void> {
    const turn = ++this.asked;
    const response = await fetch(`${this.base}mentions/?q=${encodeURIComponent(start)}`, { credentials: "same-origin" }).catch(() => undefined);
    if (!response?.ok || turn !== this.asked) return;
    const { people } = (await response.json()) as { people: Found[] };
    if (turn === this.asked) this.showPeople(people.filter((one) => one.name.toLowerCase() !== start.toLowerCase()));
  }

  private showPeople(found: Found[]): void {
    const { people, text } = this;
    if (!people || !text) return;
    if (found.length === 0) this.asked += 1;
    people.hidden = found.length === 0;
    people.id ||= `people-${this.getAttribute("section") ?? ""}`;
    people.replaceChildren(...found.map((one, index) => {
      const row = document.createElement("li");
      row.setAttribute("role", "option");
      row.id = `${people.id}-${index}`;
      row.dataset["name"] = one.name;
      row.textContent = one.name;
      return row;
    }));
    this.mark(found.length > 0 ? 0 : -1);
  }

  private mark(index: number): void {
    const rows = [...(this.people?.children ?? [])];
    for (const [at, row] of rows.entries()) row.setAttribute("aria-selected", String(at === index));
    const active = rows[index];
    if (active) this.text?.setAttribute("aria-activedescendant", active.id);
    else this.text?.removeAttribute("aria-activedescendant");
  }

  /** Arrows, Enter and Escape while people are offered; true when the key was used. */
  private walk(event: KeyboardEvent): boolean {
    const rows = [...(this.people?.children ?? [])] as HTMLElement[];
    const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") this.mark((at + 1) % rows.length);
    else if (event.key === "ArrowUp") this.mark((at - 1 + rows.length) % rows.length);
    else if ((event.key === "Enter" || event.key === "Tab") && rows[at] && !event.ctrlKey && !event.metaKey) this.choose(rows[at].dataset["name"] ?? "");
    else if (event.key === "Escape") this.showPeople([]);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  private choose(name: string): void {
    const { text } = this;
    if (!text) return;
    const start = mentionBefore(text.value, text.selectionStart);
    const from = text.selectionStart - (start?.length ?? 0);
    this.put(inserted(text.value, from, text.selectionEnd, `${name} `));
    clearTimeout(this.peopleTimer);
    this.showPeople([]);
  }

  // Drafts

  private keep(): void {
    keepDraft(this.name, { text: this.text?.value ?? "", version: this.version?.value ?? "", at: new Date().toISOString() });
  }

  /** Words kept on this device come back with the version they were written on, so that saving merges them. */
  private bringBack(): void {
    const { text, version } = this;
    const note = this.querySelector<HTMLElement>("[data-draft]");
    const draft = draftOf(this.name);
    if (!draft || !text || !version || !note) return;
    if (this.querySelector(".doc-clash")) {
      this.keep();
      return;
    }
    if (draft.text === text.value) {
      forgetDraft(this.name);
      return;
    }
    const saved = { text: text.value, version: version.value };
    text.value = draft.text;
    if (/^\d+$/.test(draft.version)) version.value = draft.version;
    void this.preview();
    const away = document.createElement("button");
    away.type = "button";
    away.className = "button button-sm";
    away.textContent = t("Throw them away");
    away.addEventListener("click", () => {
      forgetDraft(this.name);
      note.hidden = true;
      text.value = saved.text;
      version.value = saved.version;
      void this.preview();
    });
    note.replaceChildren(t("Your words of {at} that were not saved are back.", { at: clockTime(new Date(draft.at)) }), " ", away);
    note.hidden = false;
  }

  private saved(event: Event): void {
    const { elt, successful } = (event as CustomEvent<{ elt: Element; successful: boolean }>).detail;
    if (elt === this.form && successful) forgetDraft(this.name);
  }

  // Presence

  private say(done = ""): void {
    const body = new FormData();
    if (done) body.set("done", "1");
    void this.post(`sections/${this.getAttribute("section") ?? ""}/editing/`, body, true).then(async (response) => {
      const line = this.querySelector(".doc-editor__writing");
      if (response?.ok && line && !done) line.replaceChildren(fragmentOf(await response.text()));
    });
  }

  private async post(path: string, body: FormData, keepalive = false): Promise<Response | undefined> {
    const headers = { "X-CSRFToken": csrfToken() };
    return fetch(this.base + path, { method: "POST", body, headers, keepalive, credentials: "same-origin" }).catch(() => undefined);
  }
}

customElements.define("wb-section-editor", SectionEditorElement);
