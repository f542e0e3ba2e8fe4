import { describe, expect, it } from "vitest";
import { describePresence } from "./presence.ts";

const people = (...names: string[]): { id: number; name: string }[] => names.map((name, index) => ({ id: index + 1, name }));

describe("describePresence", () => {
  it("says nothing when one is alone", () => {
    expect(describePresence(people("Ada"), 1)).toBe("");
  });

  it("names up to three others and counts the rest", () => {
    expect(describePresence(people("Ada", "Bo"), 1)).toBe("Bo is here too");
    expect(describePresence(people("Ada", "Bo", "Cy"), 1)).toBe("Bo, Cy are here too");
    expect(describePresence(people("Ada", "Bo", "Cy", "Di", "Ed", "Flo"), 1)).toBe("Bo, Cy, Di and 2 more are here too");
  });
});
