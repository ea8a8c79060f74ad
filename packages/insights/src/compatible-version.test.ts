import { expect, it } from "vitest";
import { isCompatibleVersion } from "./compatible-version.ts";

it.each([
  ["2.14.3", "2.14.3", true],
  ["2.14.3", "2.12.0", true],
  ["2.14.3", "2.11.9", false],
  ["2.14.3", "2.16.7", true],
  ["2.14.3", "2.17.0", false],
  ["2.14.3", "3.14.0", false],
  ["2.14.3", "v2.13", true],
  ["2.1.0", "2.0.0", true],
  ["2.14.3", "2.14.0-rc.1", false],
  ["2.14.3", "0.0.0-preview.v1234", true],
  ["preview", "9.9.9", true],
  ["2.14.3", "unknown", true],
  ["unknown", "9.9.9", true],
  ["2.14.3", "", true],
])("%s and %s: %s", (own, peer, expected) => expect(isCompatibleVersion(own, peer)).toBe(expected));
