/** What the tools of the markdown editor do to a text. Pure. */

export interface Edit {
  text: string;
  /** The selection afterwards. */
  start: number;
  end: number;
}

export type Tool = "bold" | "italic" | "list" | "link" | "mention";

/** Puts marks around the selection, or takes them away when they are there already. */
export function wrap(text: string, start: number, end: number, mark: string): Edit {
  const size = mark.length;
  if (text.slice(start - size, start) === mark && text.slice(end, end + size) === mark) {
    return { text: text.slice(0, start - size) + text.slice(start, end) + text.slice(end + size), start: start - size, end: end - size };
  }
  return { text: text.slice(0, start) + mark + text.slice(start, end) + mark + text.slice(end), start: start + size, end: end + size };
}

/** Each selected line becomes a list entry, or plain again when all of them are entries. */
export function listed(text: string, start: number, end: number): Edit {
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const after = text.indexOf("\n", end);
  const to = after < 0 ? text.length : after;
  const lines = text.slice(from, to).split("\n");
  const already = lines.every((line) => line.startsWith("- "));
  const changed = lines.map((line) => (already ? line.slice(2) : `- ${line}`)).join("\n");
  return { text: text.slice(0, from) + changed + text.slice(to), start: from, end: from + changed.length };
}

export function inserted(text: string, start: number, end: number, words: string): Edit {
  const at = start + words.length;
  return { text: text.slice(0, start) + words + text.slice(end), start: at, end: at };
}

export function applyTool(tool: Tool, text: string, start: number, end: number): Edit {
  if (tool === "bold") return wrap(text, start, end, "**");
  if (tool === "italic") return wrap(text, start, end, "_");
  if (tool === "list") return listed(text, start, end);
  if (tool === "mention") return inserted(text, start, end, /(^|\s)$/.test(text.slice(0, start)) ? "@" : " @");
  const words = text.slice(start, end);
  const made = inserted(text, start, end, `[${words}](https://)`);
  return words ? { ...made, start: made.end - 9, end: made.end - 1 } : { ...made, start: start + 1, end: start + 1 };
}

/** What is being typed after an at sign right before the caret; undefined when nobody is being mentioned. */
export function mentionBefore(text: string, caret: number): string | undefined {
  return /(?:^|[^\w@/.])@([\p{L}\p{N}_'’.-]{0,40}(?: [\p{L}\p{N}_'’.-]{0,40})?)$/u.exec(text.slice(0, caret))?.[1];
}

/** A paragraph of its own for a picture. */
export function pictureAt(text: string, start: number, end: number, markdown: string): Edit {
  const before = start === 0 || text[start - 1] === "\n" ? "" : "\n\n";
  return inserted(text, start, end, `${before}${markdown}\n\n`);
}
