import { readFileSync } from "node:fs";
import { err, type JsonObject, ok } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import type { Resource } from "../resource.ts";
import {
  builtinCaSecrets,
  type LoadDataSource,
  secretUsedByMesh,
  validateCaBackends,
  validateMeshCreate,
  validateMeshUpdate,
} from "./mesh-ca.ts";
import { loadKeyPair } from "./tls-key-pair.ts";
import { caExtensions } from "./x509-extensions.ts";

/** Throw-away certificates and keys, and what Go 1.26 says of pairs of them. */
interface KeyPairs {
  readonly pems: Readonly<Record<string, string>>;
  readonly pairs: readonly {
    readonly cert: string;
    readonly key: string;
    readonly error?: string;
    /** Per certificate: is a CA, may sign certificates, may agree on keys. */
    readonly chain?: readonly (readonly [boolean, boolean, boolean])[];
  }[];
}

const { pems, pairs } = JSON.parse(
  readFileSync(new URL("../../testdata/key-pairs.json", import.meta.url), "utf8"),
) as KeyPairs;
const pemOf = (name: string): string => pems[name] ?? "";

const SECRETS: LoadDataSource = (source) =>
  source.kind === "secret" && source.text in pems ? ok(Buffer.from(pemOf(source.text))) : err("no such secret");

function mesh(mtls: JsonObject, name = "m"): Resource {
  return {
    type: "Mesh",
    mesh: "",
    name,
    labels: {},
    spec: { mtls },
    creationTime: "",
    modificationTime: "",
    version: 0,
  };
}

const backend = (members: JsonObject): JsonObject => ({ backends: [{ name: "a", ...members }] });
const provided = (conf: JsonObject): JsonObject => backend({ type: "provided", conf });
const pair = (cert: string, key: string): JsonObject => provided({ cert: { secret: cert }, key: { secret: key } });
const foundIn = (mtls: JsonObject): unknown =>
  validateCaBackends(mesh(mtls), SECRETS).map(({ field, reason }) => [field, reason]);

describe("loadKeyPair", () => {
  it.each(pairs)("$cert and $key: $error$chain", ({ cert, key, error, chain }) => {
    const loaded = loadKeyPair(pemOf(cert), pemOf(key));
    expect(loaded.ok ? undefined : loaded.error).toBe(error);
    const extensions = loaded.ok ? loaded.value.map(caExtensions) : undefined;
    expect(extensions?.map(({ isCa, keyUsage }) => [isCa, keyUsage.certSign, keyUsage.keyAgreement])).toEqual(chain);
  });
});

describe("validateCaBackends", () => {
  const CONF = "mtls.backends[0].conf";
  const NO_CA = "basic constraint 'CA' must be set to 'true' (see X509-SVID: 4.1. Basic Constraints)";
  const NO_SIGN = "key usage extension 'keyCertSign' must be set (see X509-SVID: 4.3. Key Usage)";
  const AGREES =
    "key usage extension 'keyAgreement' must NOT be set (see X509-SVID: Appendix A. X.509 Field Reference)";
  const rows: [title: string, mtls: JsonObject, found: [string, string][]][] = [
    ["nothing", {}, []],
    ["a builtin CA", backend({ type: "builtin", conf: { caCert: { RSAbits: 2048, expiration: "10y" } } }), []],
    [
      "an unknown type",
      backend({ type: "vault" }),
      [["mtls.backends[0].type", "could not find installed plugin for this type"]],
    ],
    [
      "an unknown type after which nothing is checked",
      { backends: [{ type: "vault" }, { type: "nope" }] },
      [["mtls.backends[0].type", "could not find installed plugin for this type"]],
    ],
    [
      "an unreadable builtin CA",
      backend({ type: "builtin", conf: { caCert: 1 } }),
      [
        [
          CONF,
          "could not convert backend config: json: cannot unmarshal number into Go value of type map[string]json.RawMessage",
        ],
      ],
    ],
    [
      "a bad name of a builtin CA",
      backend({ name: "A b", type: "builtin" }),
      [[`${CONF}.mtls.backends.name`, '"A b" name must be valid dns name']],
    ],
    [
      "a long name of a builtin CA",
      backend({ name: "a.".repeat(120), type: "builtin" }),
      [[`${CONF}.mtls.backends.name`, "Backend name is too long. Max length: 255"]],
    ],
    ["a provided CA", pair("ca", "ecKey"), []],
    [
      "a provided CA inline",
      provided({
        cert: { inline: Buffer.from(pemOf("ca")).toString("base64") },
        key: { inlineString: pemOf("ecKey") },
      }),
      [
        [`${CONF}.cert`, "could not load data: no such secret"],
        [`${CONF}.key`, "could not load data: no such secret"],
      ],
    ],
    [
      "nothing provided",
      provided({}),
      [
        [`${CONF}.cert`, "has to be defined"],
        [`${CONF}.key`, "has to be defined"],
      ],
    ],
    [
      "no source chosen",
      provided({ cert: {}, key: {} }),
      ["cert", "key"].map((part) => [
        `${CONF}.${part}`,
        "data source has to be chosen. Available sources: secret, file, inline",
      ]),
    ],
    [
      "empty sources",
      provided({ cert: { secret: "" }, key: { file: "" } }),
      [
        [`${CONF}.cert.secret`, "cannot be empty"],
        [`${CONF}.key.file`, "cannot be empty"],
      ],
    ],
    [
      "an empty inline source",
      provided({ cert: { inline: "" }, key: { secret: "ecKey" } }),
      [[`${CONF}.cert.inline`, "cannot be empty"]],
    ],
    [
      "a secret that is missing",
      pair("ca", "nope"),
      ["cert", "key"].map((part) => [`${CONF}.${part}`, "could not load data: no such secret"]),
    ],
    [
      "a pair that is none",
      pair("ca", "otherKey"),
      [[`${CONF}.cert`, "not a valid TLS key pair: tls: private key does not match public key"]],
    ],
    [
      "a leaf",
      pair("leaf", "ecKey"),
      [
        [`${CONF}.cert[0]`, NO_CA],
        [`${CONF}.cert[0]`, NO_SIGN],
      ],
    ],
    ["a CA without usage", pair("noUsage", "ecKey"), [[`${CONF}.cert[0]`, NO_SIGN]]],
    ["a CA that agrees on keys", pair("agreement", "ecKey"), [[`${CONF}.cert[0]`, AGREES]]],
    [
      "a chain with a leaf",
      pair("chain", "ecKey"),
      [
        [`${CONF}.cert[1]`, NO_CA],
        [`${CONF}.cert[1]`, NO_SIGN],
      ],
    ],
    ["what is not to be checked", { skipValidation: true, ...pair("ca", "otherKey") }, []],
  ];
  it.each(rows)("%s", (_title, mtls, found) => {
    expect(foundIn(mtls)).toEqual(found);
  });
});

describe("validateMeshCreate", () => {
  it("limits the name, which becomes part of other names", () => {
    const created = mesh(backend({ type: "vault" }), "m".repeat(64));
    expect(validateMeshCreate(created, SECRETS).map(({ field }) => field)).toEqual(["name", "mtls.backends[0].type"]);
    expect(validateMeshCreate(mesh({}, "m".repeat(63)), SECRETS)).toEqual([]);
  });
});

describe("validateMeshUpdate", () => {
  const enabled = (enabledBackend: string): Resource => mesh({ enabledBackend });
  it("lets mTLS be turned on and off, but not moved from one CA to another", () => {
    for (const [before, after] of [
      ["", "a"],
      ["a", ""],
      ["a", "a"],
      ["", ""],
    ] as const) {
      expect(validateMeshUpdate(enabled(before), enabled(after))).toEqual([]);
    }
    expect(validateMeshUpdate(enabled("a"), enabled("b"))).toEqual([
      {
        field: "mtls.enabledBackend",
        reason: "Changing CA when mTLS is enabled is forbidden. Disable mTLS first and then change the CA",
      },
    ]);
  });
});

describe("secretUsedByMesh", () => {
  const used = (mtls: JsonObject, secret: string): boolean => secretUsedByMesh(mesh(mtls), secret).length > 0;
  it("names the CA that uses the secret", () => {
    expect(secretUsedByMesh(mesh(pair("s", "k")), "s")).toEqual([
      {
        field: "name",
        reason:
          'The secret "s" that you are trying to remove is currently in use in Mesh "m" in mTLS backend "a". ' +
          'Please remove the reference from the "a" backend before removing the secret.',
      },
    ]);
    const { cert, key } = builtinCaSecrets("m", "a");
    expect([cert, key, "m.ca-builtin-cert-b"].map((secret) => used(backend({ type: "builtin" }), secret))).toEqual([
      true,
      true,
      false,
    ]);
    expect(used(provided({ cert: { inlineString: "s" } }), "s")).toBe(false);
  });
});
