import { expect, test } from "vitest";
import { bytes, fingerprint, hindrance, sameKey } from "./push.ts";
import type { Abilities } from "./push.ts";

const ABLE: Abilities = { secure: true, worker: true, push: true, ios: false, permission: "default" };

test("says why a browser cannot get pages", () => {
  const why = (change: Partial<Abilities>, key = "k") => hindrance({ ...ABLE, ...change }, key);
  expect(why({})).toBeUndefined();
  expect(why({}, "")).toBe("closed");
  expect(why({ secure: false, worker: false, push: false })).toBe("insecure");
  expect(why({ push: false, ios: true })).toBe("ios");
  expect(why({ push: false })).toBe("unsupported");
  expect(why({ worker: false })).toBe("unsupported");
  expect(why({ permission: "denied" })).toBe("denied");
  expect(why({ permission: "granted" })).toBeUndefined();
});

test("names a subscription as the server does", async () => {
  expect(await fingerprint("https://push.example/send/abc")).toMatch(/^[0-9a-f]{8}$/);
  expect(await fingerprint("abc")).toBe("ba7816bf");
});

test("a subscription made with another key is of no use", () => {
  expect([...bytes("AQID_-8")]).toEqual([1, 2, 3, 255, 239]);
  expect(sameKey(bytes("AQID").buffer, "AQID")).toBe(true);
  expect(sameKey(bytes("AQIE").buffer, "AQID")).toBe(false);
  expect(sameKey(bytes("AQIDBA").buffer, "AQID")).toBe(false);
  expect(sameKey(null, "AQID")).toBe(true);
});
