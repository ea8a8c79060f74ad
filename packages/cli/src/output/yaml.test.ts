import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { formatResourceYaml, formatYaml } from "./yaml.ts";

describe("YAML as kumactl writes it", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["1.5", '"1.5"'],
    ["12", '"12"'],
    ["0x1f", '"0x1f"'],
    ["1e3", '"1e3"'],
    ["true", '"true"'],
    ["No", '"No"'],
    ["", '""'],
    ["2026-11-23T23:15:20Z", '"2026-11-23T23:15:20Z"'],
    ["*", "'*'"],
    ["{{ .Zone }}", "'{{ .Zone }}'"],
    ["plain text", "plain text"],
    ["a: b", "'a: b'"],
  ])("quotes %j as %s", (value, text) => expect(formatYaml({ a: value })).toBe(`a: ${text}`));

  it("orders members, those of every resource first", () => {
    expect(formatResourceYaml({ type: "T", name: "one", conf: { b: [1, { d: 2, c: 3 }], a: null }, a: {} })).toBe(
      "name: one\ntype: T\na: {}\nconf:\n  a: null\n  b:\n  - 1\n  - c: 3\n    d: 2",
    );
    expect(formatResourceYaml({ type: "T", name: "one", status: {}, spec: {} })).toBe(
      "name: one\nspec: {}\nstatus: {}\ntype: T",
    );
  });

  // Hypothesis: some text is written so that it is read as something else.
  it("is read as what was written, by readers of YAML 1.1 and 1.2", () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom("~", "y", "0o17", "1_000", ".5", "-", "12:30", "null", "<<", "=", "#a", " a "),
    );
    const json = fc.dictionary(
      fc.stringMatching(/^[a-z][\w./-]{0,8}$/),
      fc.oneof(text, fc.array(text), fc.integer(), fc.boolean()),
    );
    fc.assert(
      fc.property(json, (value) => {
        const written = formatYaml(value);
        expect(parse(written, { version: "1.2" })).toEqual({ ...value });
        expect(parse(written, { version: "1.1" })).toEqual({ ...value });
      }),
    );
  });
});
