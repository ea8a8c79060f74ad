import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { settingsTable } from "./reference.ts";

const file = join(import.meta.dirname, "../../../../docs/configuration.md");
const BEGIN = "<!-- settings -->\n";
const END = "\n<!-- /settings -->";

it("docs/configuration.md lists every setting with its default (UPDATE_GOLDEN=1 rewrites the table)", () => {
  const text = readFileSync(file, "utf8");
  const head = text.slice(0, text.indexOf(BEGIN) + BEGIN.length);
  const expected = head + settingsTable() + text.slice(text.indexOf(END));
  if (process.env["UPDATE_GOLDEN"]) writeFileSync(file, expected);
  else expect(text).toBe(expected);
});
