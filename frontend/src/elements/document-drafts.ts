/** Words that were typed and not yet saved, kept on this device until the server has them. */
export interface Draft {
  text: string;
  version: string;
  at: string;
}

const PREFIX = "wb-draft:";
const KEEP_MS = 14 * 24 * 3_600_000;

export function keepDraft(name: string, draft: Draft): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(draft));
  } catch {
    // A full or forbidden store loses no more than having none.
  }
}

export function draftOf(name: string, now = Date.now()): Draft | undefined {
  try {
    const draft = JSON.parse(localStorage.getItem(PREFIX + name) ?? "null") as Draft | null;
    if (!draft) return undefined;
    if (now - Date.parse(draft.at) > KEEP_MS) {
      forgetDraft(name);
      return undefined;
    }
    return draft;
  } catch {
    return undefined;
  }
}

export function forgetDraft(name: string): void {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // Nothing was kept there.
  }
}
