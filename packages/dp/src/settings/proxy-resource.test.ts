import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readProxyResource } from "./proxy-resource.ts";
import { renderTemplate } from "./template.ts";

const TEMPLATE = `
type: Dataplane
mesh: default
name: {{ name }}
networking:
  address: {{networking.address}}
  inbound:
    - port: {{{port}}} # {{! said twice }}
      tags: { kuma.io/service: "{{service}}" }
`;
const VARIABLES = new Map([
  ["name", "web-1"],
  ["networking.address", "10.0.0.1"],
  ["port", "8080"],
]);

describe("template of a resource", () => {
  it("is filled in, and read as JSON for the control plane", () => {
    const read = readProxyResource(TEMPLATE, VARIABLES, "dataplane");
    if (!read.ok) throw new Error(read.error.join());
    expect(read.value).toMatchObject({ mesh: "default", name: "web-1", address: "10.0.0.1" });
    expect(JSON.parse(read.value.text)).toMatchObject({
      networking: { inbound: [{ port: 8080, tags: { "kuma.io/service": "" } }] },
    });
  });

  it("has variables only", () => {
    expect(renderTemplate("{{#list}}{{name}}{{/list}}", VARIABLES)).toEqual({
      ok: false,
      error: "only variables are taken in a template, not {{#list}}, {{/list}}",
    });
  });

  it("leaves text without braces as it is, and values as they are given", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, value) => {
        const plain = text.replaceAll(/[{}]/g, "");
        const rendered = renderTemplate(`${plain}{{v}}${plain}`, new Map([["v", value]]));
        expect(rendered).toEqual({ ok: true, value: `${plain}${value}${plain}` });
      }),
    );
  });

  it("has to be of the type of the proxy, with a name", () => {
    const read = (text: string, type: "dataplane" | "ingress" = "dataplane") =>
      readProxyResource(text, new Map(), type);
    expect(read("type: ZoneIngress")).toMatchObject({
      error: ['type "ZoneIngress" where Dataplane is expected for dataplane', "name is missing", "mesh is missing"],
    });
    expect(read("{type: ZoneIngress, name: i}", "ingress")).toMatchObject({ ok: true, value: { mesh: "", name: "i" } });
    expect(read("{type: Dataplane, mesh: default, name: ../etc}")).toMatchObject({
      error: [expect.stringMatching(/^name "\.\.\/etc" has other characters/)],
    });
    expect(read("a: [")).toMatchObject({ ok: false });
    expect(read("just text")).toMatchObject({ ok: false });
  });
});
