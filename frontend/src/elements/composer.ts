import { icon } from "../lib/dom.ts";
import { t } from "../lib/i18n.ts";
import { toast } from "../lib/toast.ts";
import { meaning, newKey, outbox, post } from "./offline.ts";

const MOST_FILES = 10;
const LARGEST = 10 * 1024 * 1024;

/** A slash and letters: meant as a command, which makes no sense later. "/var/log" is a path in a note. */
export function isCommand(text: string): boolean {
  return /^\s*\/[a-z]+(\s|$)/i.test(text);
}

/** Which lines of the help fit what is typed; none when it is no command. */
export function fitting(text: string, names: string[]): string[] {
  const typed = /^\/([a-z]*)$/i.exec(text.trimStart()) ?? /^\/([a-z]+)\s/i.exec(text.trimStart());
  if (!typed) return [];
  const word = (typed[1] ?? "").toLowerCase();
  return names.filter((name) => name.startsWith(word));
}

/**
 * `<wb-composer>` around the form of the timeline: takes pasted and dropped files, shows the commands while one is
 * typed, keeps what was typed until the server took it, and hands notes to the outbox when there is no network.
 */
export class ComposerElement extends HTMLElement {
  private files: File[] = [];
  private key = newKey();

  connectedCallback(): void {
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    this.addEventListener("input", (event) => {
      if (event.target === this.picker) this.take([...(this.picker?.files ?? [])]);
      else this.help();
    });
    this.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target === this.text) this.form?.requestSubmit();
    });
    this.addEventListener("paste", (event) => { this.bring(event, event.clipboardData); });
    this.addEventListener("drop", (event) => {
      delete this.dataset["over"];
      this.bring(event, event.dataTransfer);
    });
    this.addEventListener("dragover", (event) => {
      if (!this.picker) return;
      event.preventDefault();
      this.dataset["over"] = "";
    });
    this.addEventListener("dragleave", () => { delete this.dataset["over"]; });
  }

  private get form(): HTMLFormElement | null { return this.querySelector("form"); }
  private get text(): HTMLTextAreaElement | null { return this.querySelector("textarea"); }
  private get picker(): HTMLInputElement | null { return this.querySelector("input[type=file]"); }

  private bring(event: Event, data: DataTransfer | null): void {
    const files = [...(data?.files ?? [])];
    if (files.length === 0 || !this.picker) return;
    event.preventDefault();
    this.take(files);
  }

  private take(files: File[]): void {
    for (const file of files) {
      if (file.size > LARGEST) this.say(t("“{name}” is larger than 10 MB.", { name: file.name }));
      else if (this.files.length >= MOST_FILES) this.say(t("At most 10 files at once."));
      else this.files.push(file);
    }
    if (this.picker) this.picker.value = "";
    this.showFiles();
  }

  private showFiles(): void {
    const list = this.querySelector<HTMLElement>(".composer__files");
    if (!list) return;
    list.hidden = this.files.length === 0;
    list.replaceChildren(...this.files.map((file) => this.chip(file)));
  }

  private chip(file: File): HTMLElement {
    const item = document.createElement("li");
    item.className = "chip chip-quiet";
    const away = document.createElement("button");
    away.type = "button";
    away.className = "composer__away";
    away.setAttribute("aria-label", t("Take “{name}” out", { name: file.name }));
    away.append(icon("x"));
    away.addEventListener("click", () => {
      this.files = this.files.filter((each) => each !== file);
      this.showFiles();
    });
    item.append(icon("paperclip"), document.createTextNode(file.name), away);
    return item;
  }

  private help(all = false): void {
    const list = this.querySelector<HTMLElement>(".composer__help");
    if (!list) return;
    const rows = [...list.querySelectorAll<HTMLElement>("[data-command]")];
    const names = rows.map((row) => row.dataset["command"] ?? "");
    const shown = all ? names : fitting(this.text?.value ?? "", names);
    for (const row of rows) row.hidden = !shown.includes(row.dataset["command"] ?? "");
    list.hidden = shown.length === 0;
    this.say("");
  }

  private say(sentence: string): void {
    const error = this.querySelector(".composer__error");
    if (error) error.textContent = sentence;
    if (sentence) this.text?.setAttribute("aria-invalid", "true");
    else this.text?.removeAttribute("aria-invalid");
  }

  private async send(): Promise<void> {
    const { form, text } = this;
    const written = text?.value.trim() ?? "";
    if (!form || !text || form.getAttribute("aria-busy") === "true") return;
    if (!written && this.files.length === 0) {
      text.focus();
      return;
    }
    const body = new FormData(form);
    body.delete("files");
    for (const file of this.files) body.append("files", file);
    body.set("key", this.key);
    form.setAttribute("aria-busy", "true");
    try {
      await this.takeIn(await post(form.action, body), written);
    } catch {
      await this.keep(form.action, written);
    } finally {
      form.removeAttribute("aria-busy");
    }
  }

  private async takeIn(response: Response, written: string): Promise<void> {
    if (response.ok && !response.redirected) {
      const body = (await response.json().catch(() => ({}))) as { sentence?: string; help?: boolean };
      this.clear();
      document.dispatchEvent(new Event("wb:written"));
      if (body.help) this.help(true);
      else if (isCommand(written)) toast(body.sentence ?? t("Done"), "ok");
      return;
    }
    if (response.status === 413) {
      this.say(t("The files are too large."));
      return;
    }
    const found = await meaning(response);
    if (found === "lost" || found === "signed-out") await this.keep(this.form?.action ?? "", written, found === "signed-out");
    else if (typeof found === "object") this.say(found.refused);
  }

  /** No network: a note waits on this device; commands and files stay in the form. */
  private async keep(url: string, written: string, signedOut = false): Promise<void> {
    if (isCommand(written) || this.files.length > 0) {
      this.say(signedOut ? t("Your sign-in has expired. What you wrote is kept here.") : t("Not sent: no connection. What you wrote is kept here."));
      return;
    }
    const note = { key: this.key, incident: this.getAttribute("incident") ?? "", url, text: written, happenedAt: new Date().toISOString() };
    try {
      await outbox().add(note);
      outbox().signedOut = signedOut;
      this.clear();
    } catch {
      this.say(t("Not sent: no connection. What you wrote is kept here."));
    }
  }

  private clear(): void {
    this.form?.reset();
    if (this.text) this.text.value = "";
    this.files = [];
    this.key = newKey();
    this.showFiles();
    this.help();
  }
}

customElements.define("wb-composer", ComposerElement);
