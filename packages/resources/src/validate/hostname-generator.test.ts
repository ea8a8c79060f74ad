import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { type Found, fromPeer, fromUser, type Row } from "../testing/violations-of.ts";

const generator = (members: JsonObject): JsonObject => ({
  selector: { meshService: {} },
  template: "{{ .Name }}.mesh",
  ...members,
});
const SELECTOR: Found = [["spec.selector", "exact one selector (meshService, meshExternalService) must be defined"]];
const NO_SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const template = (text: string, reason?: string): Row => [
  `template ${text}`,
  generator({ template: text }),
  reason === undefined ? [] : [["spec.template", reason]],
];
const rendersTo = (text: string, rendered: string, reason = NO_SUBDOMAIN): Row =>
  template(text, `template renders to ${rendered} which is not a valid DNS name: ${reason}`);

describe("HostnameGenerator", () => {
  const rows: Row[] = [
    ...["meshService", "meshExternalService", "meshMultiZoneService"].map(
      (name): Row => [name, generator({ selector: { [name]: { matchLabels: { a: "b" } } } }), []],
    ),
    ["no selector", generator({ selector: {} }), SELECTOR],
    ["two selectors", generator({ selector: { meshService: {}, meshMultiZoneService: {} } }), SELECTOR],
    ["an empty template", generator({ template: "" }), [["spec.template", "must not be empty"]]],
    template("{{ .Name }}.{{ .DisplayName }}.{{ .Namespace }}.{{ .Mesh }}.{{ .Zone }}.mesh"),
    template('{{ label "k8s.kuma.io/namespace" }}.mesh'),
    template("{{ .Name[4 }}.mesh", "couldn't parse template: template: :1: bad character U+005B '['"),
    template(
      "{{ .Nope }}",
      "couldn't render template with stub values: " +
        'template: :1:3: executing "" at <.Nope>: can\'t evaluate field Nope in type ' +
        "struct { Name string; DisplayName string; Namespace string; Mesh string; Zone string }",
    ),
    rendersTo("{{ .Name }}.MESH", '"name.MESH"'),
    rendersTo(".{{ .Name }}.mesh", '".name.mesh"'),
    rendersTo("{{ .Name }}..mesh", '"name..mesh"'),
    rendersTo("{{ .Name }}_svc.mesh", '"name_svc.mesh"'),
    rendersTo('{{ .Name }} "', '"name \\""'),
    rendersTo("a".repeat(254), `"${"a".repeat(254)}"`, "must be no more than 253 characters"),
    ["an empty extension", generator({ extension: { type: "" } }), [["spec.extension.type", "must not be empty"]]],
    ["an extension", generator({ extension: { type: "x", config: 1 } }), []],
    [
      "everything at once",
      { selector: {}, template: "", extension: { type: "" } },
      [...SELECTOR, ["spec.template", "must not be empty"], ["spec.extension.type", "must not be empty"]],
    ],
  ];
  it.each(rows)("%s", (_title, spec, found) => {
    expect(fromUser("HostnameGenerator", spec)).toEqual(found);
    expect(fromPeer("HostnameGenerator", spec)).toEqual(found);
  });

  it("needs a template", () => {
    expect(fromUser("HostnameGenerator", { selector: { meshService: {} } })).toEqual([
      ["spec.template", "in body is required"],
    ]);
  });
});
