/** Bug hypothesis: some deep or long text exhausts the stack, or takes time that grows faster than the text. */
import { describe, expect, it } from "vitest";
import { decodeSpec } from "./kds-codec.ts";
import { parseResource } from "./rest-codec.ts";
import { typeNamed } from "./testing/violations-of.ts";
import { builtinTypes } from "./types/all.gen.ts";
import { goRegexpError } from "./validate/go-regexp.ts";
import { parseTemplate, renderTemplate } from "./validate/go-template.ts";
import { pemBlocks } from "./validate/pem.ts";

const TIMES = 50_000;

describe("deep and long input ends soon", () => {
  it.each(builtinTypes.map((type) => [type.name, type] as const))("%s nested deeply", (_name, type) => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"spec":', "}"],
      ['{"networking":', "}"],
    ] as const) {
      const document = `{"spec":${open.repeat(TIMES)}1${close.repeat(TIMES)}}`;
      expect(parseResource(type, document)).toMatchObject({ ok: false, error: { kind: "malformed" } });
      expect(decodeSpec(type, "", Buffer.from(document)).ok).toBe(false);
    }
  });

  const long = [
    "{{",
    "{{(",
    "{{if .Name}}",
    "{{with .}}",
    "{{ .Name |",
    '{{ "',
    "(",
    "[",
    "(?:",
    "a{1000}",
    "-",
    "a-",
    "a.",
    "\\",
    "-----BEGIN A-----\n",
  ];
  it.each(long)("%j many times", (part) => {
    for (const given of [part.repeat(TIMES), `a${part.repeat(TIMES)}!`]) {
      const template = parseTemplate(given);
      if (template.ok) renderTemplate(template.value, { fields: { Name: "a" }, label: () => "b" });
      goRegexpError(given);
      pemBlocks(given);
      const parsed = parseResource(
        typeNamed("HostnameGenerator"),
        { type: "HostnameGenerator", name: "a", spec: { selector: { meshService: {} }, template: given } },
        { validate: { mode: "zone" } },
      );
      expect(parsed.ok).toBe(false);
    }
  });

  it.each([
    ["Secret", true, { data: "AAAA".repeat(2_000_000) }],
    ["GlobalSecret", true, { data: "AAAA".repeat(2_000_000) }],
    ["HostnameGenerator", false, { spec: { template: "a.".repeat(4_000_000) } }],
  ])("megabytes in one text of a %s", (name, isValid, members) => {
    const document = { type: name, name: "a", mesh: "default", ...members };
    expect(parseResource(typeNamed(name), document, { validate: { mode: "global" } }).ok).toBe(isValid);
  });
});
