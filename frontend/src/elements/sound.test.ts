import { expect, test } from "vitest";
import { soundFor, TUNES } from "./sound.ts";

test("pages and public words sound, and not alike", () => {
  const events = ["update_sent"];
  expect(soundFor({ topic: "me", event: "page" }, events)).toBe("page");
  expect(soundFor({ topic: "feed", event: "update_sent" }, events)).toBe("feed");
  expect(soundFor({ topic: "feed", event: "note" }, events)).toBeUndefined();
  expect(soundFor({ topic: "incident:42", event: "page" }, events)).toBeUndefined();
  expect(TUNES.page).not.toEqual(TUNES.feed);
});
