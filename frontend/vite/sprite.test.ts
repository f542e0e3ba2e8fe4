import { expect, test } from "vitest";
import { ICONS } from "./icons.ts";
import { buildSprite, toSymbol } from "./sprite.ts";

test("keeps only the shapes of an icon", () => {
  const source = '<!-- note -->\n<svg\n  width="24"\n>\n  <path d="M2 12h1" />\n  <path d="M12 2v1" />\n</svg>\n';
  expect(toSymbol("siren", source)).toBe(
    '<symbol id="siren" viewBox="0 0 24 24"><path d="M2 12h1" /><path d="M12 2v1" /></symbol>',
  );
});

test("every listed icon exists and is listed once", () => {
  expect(new Set(ICONS).size).toBe(ICONS.length);
  expect(buildSprite().match(/<symbol /g)).toHaveLength(ICONS.length);
});

test("an unknown icon stops the build", () => {
  expect(() => buildSprite(["no-such-icon"])).toThrow("No such Lucide icon: no-such-icon");
});
