import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Plugin } from "vite";
import { ICONS } from "./icons.ts";

const DIRECTORY = resolve(import.meta.dirname, "../node_modules/lucide-static/icons");
const ERROR_STYLES = resolve(import.meta.dirname, "../src/styles/error.css");

/** One Lucide file as a symbol; stroke attributes live on the `<svg>` that uses it. */
export function toSymbol(name: string, source: string): string {
  const shapes = source
    .slice(source.indexOf(">", source.indexOf("<svg")) + 1, source.lastIndexOf("</svg>"))
    .replace(/\s+/g, " ")
    .replace(/> </g, "><")
    .trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
}

export function buildSprite(names: readonly string[] = ICONS): string {
  const symbols = names.map((name) => {
    const path = resolve(DIRECTORY, `${name}.svg`);
    if (!existsSync(path)) throw new Error(`No such Lucide icon: ${name}`);
    return toSymbol(name, readFileSync(path, "utf8"));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

/** Emits `icons.svg` and `error.css` under fixed names, which templates refer to directly. */
export function iconSprite(): Plugin {
  return {
    name: "watchbill-sprite",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "icons.svg", source: buildSprite() });
      this.emitFile({ type: "asset", fileName: "error.css", source: readFileSync(ERROR_STYLES, "utf8") });
    },
  };
}
