/** Colours of the page as canvas and SVG understand them. */
export interface Theme {
  surface: string; page: string; inset: string; ink: string; muted: string; line: string; strong: string; accent: string; focus: string;
  danger: string; dangerLine: string; dangerTint: string; dangerFill: string; warn: string; warnLine: string; warnTint: string;
  /** The muted colour of a team: its line, by number. */
  hues: string[];
  font: string;
}

const HUES = 12;
let brush: CanvasRenderingContext2D | null | undefined;

/** Any CSS colour as six hexadecimal digits; cytoscape knows no oklch. */
function toHex(color: string): string {
  brush ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
    .getContext("2d", { willReadFrequently: true });
  if (!brush) return "#808080";
  brush.clearRect(0, 0, 1, 1);
  brush.fillStyle = color;
  brush.fillRect(0, 0, 1, 1);
  return hexOf([...brush.getImageData(0, 0, 1, 1).data].slice(0, 3));
}

function hexOf(parts: readonly number[]): string {
  return `#${parts.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

/** So much of one colour and the rest of the other. */
export function mixed(one: string, other: string, share: number): string {
  const parts = (color: string): number[] => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  const rest = parts(other);
  return hexOf(parts(one).map((part, at) => part * share + (rest[at] ?? 0) * (1 - share)));
}

/** Reads the tokens where `host` stands, so that light, dark and a theme of one's own are all followed. */
export function readTheme(host: HTMLElement): Theme {
  const probe = document.createElement("span");
  probe.hidden = true;
  host.append(probe);
  const styles = getComputedStyle(probe);
  const read = (token: string): string => {
    probe.style.color = `var(--${token})`;
    return toHex(styles.color);
  };
  const hues = Array.from({ length: HUES }, (_each, hue) => {
    probe.className = `hue-${String(hue)}`;
    return read("hue-line");
  });
  probe.className = "";
  const theme = {
    surface: read("surface-1"), page: read("surface-0"), inset: read("surface-2"), ink: read("ink"), muted: read("ink-muted"),
    line: read("line"), strong: read("line-strong"), accent: read("accent"), focus: read("focus"),
    danger: read("danger"), dangerLine: read("danger-line"), dangerTint: read("danger-tint"), dangerFill: read("danger-fill"),
    warn: read("warn"), warnLine: read("warn-line"), warnTint: read("warn-tint"),
    hues, font: getComputedStyle(host).fontFamily,
  };
  probe.remove();
  return theme;
}

/** Calls back after the colours of the page have changed. */
export function onThemeChange(callback: () => void): () => void {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(callback);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  scheme.addEventListener("change", callback);
  return () => {
    observer.disconnect();
    scheme.removeEventListener("change", callback);
  };
}

/** Inner markup of the sprite's icons by name. */
export async function loadIcons(address: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  try {
    const answer = await fetch(address);
    if (!answer.ok) return found;
    const sprite = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
    for (const symbol of sprite.querySelectorAll("symbol")) found.set(symbol.id, symbol.innerHTML);
  } catch {
    // The picture is complete without them: kinds stand in the panel and the list too.
  }
  return found;
}

export function iconUri(inner: string | undefined, color: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="${color}" `
    + `stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${inner ?? ""}</svg>`;
  return `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`;
}
