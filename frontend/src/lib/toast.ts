export type Tone = "ok" | "info" | "warn" | "danger";

export interface ToastRequest {
  text: string;
  tone?: Tone;
  /** Address that takes back what was done; offered for ten seconds. */
  undo?: string;
}

export function toast(text: string, tone: Tone = "info", undo?: string): void {
  const detail: ToastRequest = undo ? { text, tone, undo } : { text, tone };
  document.dispatchEvent(new CustomEvent("wb:toast", { detail }));
}
