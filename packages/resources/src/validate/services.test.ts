/** Rules of MeshService and MeshMultiZoneService, as users and as peers get to see them, and of the names of all services. */
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { fromPeer, fromUser, type Meta, type Row, typeNamed } from "../testing/violations-of.ts";

const LONG = "a".repeat(64);
const TOO_LONG = [["name", "must not be longer than 63 characters"]] as const;

const multiZone = (members: JsonObject): JsonObject => ({
  selector: { meshService: { matchLabels: { a: "b" } } },
  ports: [{ port: 80, appProtocol: "http" }],
  ...members,
});
const external: JsonObject = { match: { port: 80, protocol: "tcp" } };

describe("MeshService", () => {
  const rows: Row[] = [
    ["nothing", {}, []],
    ["ports of any kind", { ports: [{ port: 0 }, { port: 0, targetPort: "http" }, { port: 1, appProtocol: "x" }] }, []],
    ["an empty selector", { selector: { dataplaneTags: {} } }, []],
    [
      "two selectors, though empty",
      { selector: { dataplaneTags: {}, dataplaneRef: {} } },
      [["spec.selector", "must specify only one of: dataplaneTags, dataplaneRef, or dataplaneLabels"]],
    ],
    [
      "three selectors",
      { selector: { dataplaneTags: { a: "b" }, dataplaneRef: { name: "a" }, dataplaneLabels: {} } },
      [["spec.selector", "must specify only one of: dataplaneTags, dataplaneRef, or dataplaneLabels"]],
    ],
  ];
  it.each(rows)("%s", (_title, spec, found) => {
    expect(fromUser("MeshService", spec)).toEqual(found);
    expect(fromPeer("MeshService", spec)).toEqual(found);
  });

  const schemaRows: Row[] = [
    ["a port without number", { ports: [{}] }, [["spec.ports[0].port", "in body is required"]]],
    [
      "a text for a port",
      { ports: [{ port: "80" }] },
      [["spec.ports[0].port", 'in body must be of type integer: "string"']],
    ],
    ["an unknown state", { state: "Odd" }, [["spec.state", "in body should be one of [Available Unavailable]"]]],
    [
      "half an identity",
      { identities: [{ type: "Odd" }] },
      [
        ["spec.identities[0].type", "in body should be one of [ServiceTag SpiffeID]"],
        ["spec.identities[0].value", "in body is required"],
      ],
    ],
    [
      "tags that are no texts",
      { selector: { dataplaneTags: { a: 1 } } },
      [["spec.selector.dataplaneTags.a", 'in body must be of type string: "number"']],
    ],
  ];
  it.each(schemaRows)("%s", (_title, spec, found) => {
    expect(fromUser("MeshService", spec)).toEqual(found);
  });
});

describe("MeshMultiZoneService", () => {
  const rows: Row[] = [
    ["a service", multiZone({}), []],
    [
      "selects everything",
      multiZone({ selector: { meshService: {} } }),
      [["spec.selector.meshService.matchLabels", "cannot be empty"]],
    ],
    [
      "selects everything, explicitly",
      multiZone({ selector: { meshService: { matchLabels: {} } } }),
      [["spec.selector.meshService.matchLabels", "cannot be empty"]],
    ],
    [
      "a port with an empty name",
      multiZone({ ports: [{ port: 80, name: "", appProtocol: "tcp" }] }),
      [["spec.ports[0].name", "must not be empty"]],
    ],
    ...["", "HTTP", "tls"].map(
      (appProtocol): Row => [
        `protocol ${appProtocol}`,
        multiZone({ ports: [{ port: 80, appProtocol }] }),
        [["spec.ports[0].appProtocol", "appProtocol must be one of: grpc, http, http2, kafka, tcp"]],
      ],
    ),
  ];
  it.each(rows)("%s", (_title, spec, found) => {
    expect(fromUser("MeshMultiZoneService", spec)).toEqual(found);
    expect(fromPeer("MeshMultiZoneService", spec)).toEqual(found);
  });

  it("has ports, which the schema says to users", () => {
    expect(fromPeer("MeshMultiZoneService", multiZone({ ports: [] }))).toEqual([["spec.ports", "cannot be empty"]]);
    expect(fromUser("MeshMultiZoneService", multiZone({ ports: [] }))).toEqual([
      ["spec.ports", "in body should have at least 1 items"],
    ]);
    expect(fromUser("MeshMultiZoneService", {})).toEqual([
      ["spec.ports", "in body is required"],
      ["spec.selector", "in body is required"],
    ]);
  });
});

describe("names of services", () => {
  it.each([
    ["MeshService", {}],
    ["MeshExternalService", external],
  ])("%s has a host name, so its display name is a label of DNS", (type, spec) => {
    const metas: Meta[] = [{ name: LONG }, { labels: { "kuma.io/display-name": LONG } }];
    for (const meta of metas) {
      expect(fromUser(type, spec, meta)).toEqual(TOO_LONG);
      expect(fromPeer(type, spec, meta)).toEqual(TOO_LONG);
    }
    expect(fromUser(type, spec, { name: LONG, labels: { "kuma.io/display-name": "a" } })).toEqual([]);
  });

  it.each(["MeshService", "MeshMultiZoneService", "MeshExternalService"])("%s warns of names and SNIs", (name) => {
    const type = typeNamed(name);
    const spec = name === "MeshExternalService" ? external : { ports: [{ port: 80, name: "a.b" }] };
    const resource = {
      type: name,
      mesh: "m",
      name: "1a",
      labels: {},
      spec,
      creationTime: "",
      modificationTime: "",
      version: 0,
    };
    const warnings = type.deprecations?.(resource) ?? [];
    expect(warnings[0]).toMatch(
      `Invalid ${name} resource name: '1a'. It does not conform to the DNS format (RFC 1035)`,
    );
    expect(warnings.slice(1)).toHaveLength(name === "MeshExternalService" ? 0 : 1);
    expect(type.deprecations?.({ ...resource, name: "a", spec: {} })).toEqual([]);
  });
});
