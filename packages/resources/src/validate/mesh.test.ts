import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { type Found, fromUser, type Row } from "../testing/violations-of.ts";
import { defaultMesh } from "./mesh.ts";

const mtls = (backend: JsonObject): JsonObject => ({
  mtls: { backends: [{ name: "ca-1", type: "builtin", ...backend }] },
});
const logging = (...backends: JsonObject[]): JsonObject => ({ logging: { backends } });
const tracing = (...backends: JsonObject[]): JsonObject => ({ tracing: { backends } });
const tcp = (conf: JsonObject): JsonObject => logging({ name: "a", type: "tcp", conf });
const zipkin = (conf: JsonObject): JsonObject => tracing({ name: "a", type: "zipkin", conf });
const datadog = (conf: JsonObject): JsonObject => tracing({ name: "a", type: "datadog", conf });
const metrics = (...backends: JsonObject[]): JsonObject => ({ metrics: { backends } });
const prometheus = (conf: JsonObject): JsonObject => metrics({ name: "a", type: "prometheus", conf });
const constraints = (name: string, tags: JsonObject): JsonObject => ({
  constraints: { dataplaneProxy: { [name]: [{ tags }] } },
});

const LIFETIME: Found = [["mtls.dpcert.rotation.expiration", "has to be a valid format"]];
const CANNOT_BE_EMPTY = "cannot be empty";
const FILE = { name: "a", type: "file", conf: { path: "/a" } };

const mtlsRows: Row[] = [
  ["nothing at all", {}, []],
  ["mTLS", { mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } }, []],
  [
    "two CAs of one name",
    { mtls: { backends: [{ name: "a" }, { name: "a" }] } },
    [
      ["mtls.backends", "cannot have more than 1 backends"],
      ["mtls.backends[1].name", '"a" name is already used for another backend'],
    ],
  ],
  ["lifetime of certificates", mtls({ dpCert: { rotation: { expiration: "1d" } } }), []],
  ["no lifetime", mtls({ dpCert: { rotation: { expiration: "0" } } }), []],
  ["lifetime without unit", mtls({ dpCert: { rotation: { expiration: "10" } } }), LIFETIME],
  ["two units", mtls({ dpCert: { rotation: { expiration: "1h30m" } } }), LIFETIME],
  ["rotation without lifetime", mtls({ dpCert: { rotation: {} } }), LIFETIME],
  ["certificates without rotation", mtls({ dpCert: {} }), LIFETIME],
  [
    "unknown CA enabled",
    { mtls: { enabledBackend: "b", backends: [{ name: "ca-1" }] } },
    [["mtls.enabledBackend", "has to be set to one of the backends in the mesh"]],
  ],
  ["egress without mTLS", { routing: { zoneEgress: true } }, [["mtls", "has to be set when zoneEgress enabled"]]],
  ["egress with mTLS", { routing: { zoneEgress: true }, mtls: { enabledBackend: "a", backends: [{ name: "a" }] } }, []],
];

const loggingRows: Row[] = [
  ["logging", { logging: { defaultBackend: "a", backends: [FILE, { ...FILE, name: "b" }] } }, []],
  ["log backend without name", logging({ ...FILE, name: "" }), [["logging.backends[0].name", CANNOT_BE_EMPTY]]],
  [
    "log backends of one name",
    logging(FILE, FILE),
    [["logging.backends[1].name", '"a" name is already used for another backend']],
  ],
  [
    "unknown type of logging",
    logging({ name: "a", type: "smoke" }),
    [["logging.backends[0].type", 'unknown backend type. Available backends: "tcp", "file"']],
  ],
  ["TCP without address", tcp({}), [["logging.backends[0].config.address", CANNOT_BE_EMPTY]]],
  ["TCP to an address", tcp({ address: "127.0.0.1:9000" }), []],
  ...["host", ":9000", "host:", "a:b:c", "::1:9000"].map(
    (address): Row => [
      `TCP to ${address}`,
      tcp({ address }),
      [["logging.backends[0].config.address", "has to be in format of HOST:PORT"]],
    ],
  ),
  ["file without path", logging({ name: "a", type: "file" }), [["logging.backends[0].config.path", CANNOT_BE_EMPTY]]],
  [
    "configuration of a wrong shape",
    tcp({ address: 1 }),
    [
      [
        "logging.backends[0].config",
        "could not parse config: json: cannot unmarshal number into Go value of type string",
      ],
    ],
  ],
  [
    "unknown default of logging",
    { logging: { defaultBackend: "b", backends: [FILE] } },
    [["logging.defaultBackend", "has to be set to one of the logging backend in mesh"]],
  ],
];

const tracingRows: Row[] = [
  ["tracing", zipkin({ url: "http://zipkin:9411/api", apiVersion: "httpProto" }), []],
  [
    "no name",
    tracing({ type: "datadog", conf: { address: "a", port: 1 } }),
    [["tracing.backends[0].name", CANNOT_BE_EMPTY]],
  ],
  ...[-1, 100.5].map(
    (sampling): Row => [
      `sampling of ${sampling}`,
      tracing({ name: "a", type: "datadog", sampling, conf: { address: "a", port: 1 } }),
      [["tracing.backends[0].sampling", "has to be in [0.0 - 100.0] range"]],
    ],
  ),
  [
    "unknown type of tracing",
    tracing({ name: "a", type: "smoke" }),
    [["tracing.backends[0].type", 'unknown backend type. Available backends: "zipkin", "datadog"']],
  ],
  ["no URL", zipkin({}), [["tracing.backends[0].config.url", CANNOT_BE_EMPTY]]],
  ["bad URL", zipkin({ url: "zipkin" }), [["tracing.backends[0].config.url", "invalid URL"]]],
  [
    "URL without port",
    zipkin({ url: "http://zipkin/api" }),
    [["tracing.backends[0].config.url", "port has to be explicitly specified"]],
  ],
  [
    "unknown API version",
    zipkin({ url: "http://zipkin:9411", apiVersion: "v9" }),
    [["tracing.backends[0].config.apiVersion", "has invalid value. Allowed values: httpJsonV1, httpJson, httpProto"]],
  ],
  [
    "datadog without anything",
    datadog({}),
    [
      ["tracing.backends[0].config.address", CANNOT_BE_EMPTY],
      ["tracing.backends[0].config.port", "port must be in the range [1, 65535]"],
    ],
  ],
  [
    "unknown default of tracing",
    { tracing: { defaultBackend: "b" } },
    [["tracing.defaultBackend", "has to be set to one of the tracing backend in mesh"]],
  ],
];

const metricsRows: Row[] = [
  ["metrics", prometheus({ port: 1234, envoy: { filterRegex: "http.*", usedOnly: true } }), []],
  ["skipMTLS that agrees with tls", prometheus({ skipMTLS: true, tls: { mode: "disabled" } }), []],
  [
    "two of one name",
    metrics({ name: "a", type: "prometheus" }, { name: "a", type: "prometheus" }),
    [["metrics.backends[1].name", '"a" name is already used for another backend']],
  ],
  [
    "unknown type of metrics",
    metrics({ name: "a", type: "smoke" }),
    [["metrics.backends[0].type", 'unknown backend type. Available backends: "prometheus"']],
  ],
  [
    "skipMTLS against tls",
    prometheus({ skipMTLS: false, tls: { mode: "disabled" } }),
    [["metrics.backends[0].conf", "skipMTLS and tls configuration cannot be defined together"]],
  ],
  [
    "unreadable configuration",
    prometheus({ port: "x" }),
    [["metrics.backends[0].conf", "could not parse config: invalid character 'x' looking for beginning of value"]],
  ],
  [
    "bad filter",
    prometheus({ envoy: { filterRegex: "[" } }),
    [
      [
        "metrics.backends[0].conf.envoy.filterRegex",
        "provided regexp isn't correct: error parsing regexp: missing closing ]: `[`",
      ],
    ],
  ],
  [
    "aggregated twice",
    prometheus({ aggregate: [{ name: "x" }, { name: "y" }, { name: "x" }] }),
    [["metrics.backends[0].conf.aggregate[2].name", "duplicate entry: x, values have to be unique"]],
  ],
  [
    "unknown backend enabled",
    { metrics: { enabledBackend: "b" } },
    [["metrics.enabledBackend", "has to be set to one of the backends in the mesh"]],
  ],
];

const constraintRows: Row[] = [
  ["any value", constraints("requirements", { "kuma.io/zone": "*", team: "a/b" }), []],
  ...["requirements", "restrictions"].flatMap((name): Row[] => {
    const path = `constraints.dataplaneProxy.${name}[0].tags`;
    return [
      [`${name} without tags`, constraints(name, {}), [[path, "must have at least one tag"]]],
      [
        `${name} with bad tags`,
        constraints(name, { "": "a", "k e": "v", v: "", w: "a*" }),
        [
          [path, "tag name must be non-empty"],
          [`${path}["k e"]`, "tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores"],
          [`${path}["v"]`, "tag value must be non-empty"],
          [
            `${path}["w"]`,
            'tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be "*"',
          ],
        ],
      ],
    ];
  }),
];

describe.each(Object.entries({ mtlsRows, loggingRows, tracingRows, metricsRows, constraintRows }))(
  "%s",
  (_name, rows) => {
    it.each(rows)("%s", (_title, spec, found) => {
      expect(fromUser("Mesh", spec)).toEqual(found);
    });
  },
);

describe("defaultMesh", () => {
  const filled = { port: 5670, path: "/metrics", tags: { "kuma.io/service": "dataplane-metrics" } };
  const cases: [string, JsonObject, JsonObject][] = [
    ["everything", {}, { ...filled, tls: {} }],
    [
      "only what is missing",
      { port: 1, path: "/x", tags: { a: "b" } },
      { port: 1, path: "/x", tags: { a: "b" }, tls: {} },
    ],
    ["TLS from skipMTLS", { skipMTLS: true }, { ...filled, skipMTLS: true, tls: { mode: "disabled" } }],
    ["TLS from skipMTLS: false", { skipMTLS: false }, { ...filled, skipMTLS: false, tls: {} }],
    [
      "no skipMTLS beside providedTLS",
      { skipMTLS: true, tls: { mode: "providedTLS" } },
      { ...filled, tls: { mode: "providedTLS" } },
    ],
  ];
  it.each(cases)("fills in %s", (_title, conf, expected) => {
    const backends = (it: JsonObject): JsonObject => metrics({ name: "a", type: "prometheus", conf: it });
    expect(defaultMesh(backends(conf))).toEqual(backends(expected));
    expect(defaultMesh(backends(expected))).toEqual(backends(expected));
  });

  it("leaves all else alone", () => {
    for (const spec of [{}, { metrics: {} }, metrics({ name: "a", type: "smoke" }), { mtls: {} }]) {
      expect(defaultMesh(spec)).toEqual(spec);
    }
  });
});
