import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readDataplane, readUser, readZone } from "./claims.ts";
import { dataplaneKeyRing, type KeyRing, keyAddress, userKeyRing, zoneKeyRing, zonePublicKeyRing } from "./key-ring.ts";
import { parsePublicKey } from "./rsa-key.ts";
import { latestSerial } from "./signing-keys.ts";
import { FOREIGN_NOW, foreign, payloadOf, type Rig, rig } from "./testing/rig.ts";
import { TokenValidator } from "./token-validator.ts";

const HOUR = 3_600_000;
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const OTHER_KEY = other.privateKey.export({ type: "pkcs1", format: "pem" });

async function withKeys(...rings: readonly KeyRing[]): Promise<Rig> {
  const made = rig();
  for (const ring of rings) await made.putSecret(keyAddress(ring, "1"), foreign.signingKey);
  return made;
}

const validator = ({ store, clock }: Rig, ring: KeyRing) => new TokenValidator({ store, clock, ring });
async function token(result: Promise<{ ok: boolean; value?: string }>): Promise<string> {
  return (await result).value ?? "none";
}

describe("a token of ours has Kuma's header and claims", () => {
  const at = FOREIGN_NOW / 1000;
  const times = { exp: at + 3_600, nbf: at - 5, iat: at - 5, jti: "id-1" };

  it.each([
    ["a user", { name: "a", groups: ["g"] }, { Name: "a", Groups: ["g"] }],
    ["a user without groups", { name: "a", groups: null }, { Name: "a", Groups: null }],
  ])("%s", async (_, user, claims) => {
    const { issuer } = await withKeys(userKeyRing);
    const issued = await token(issuer.user(user, HOUR));
    // As text: the order of the members is Kuma's as well.
    expect(JSON.stringify(payloadOf(issued))).toBe(JSON.stringify({ ...claims, ...times }));
    expect(Buffer.from(issued.split(".")[0] ?? "", "base64url").toString()).toBe(
      '{"alg":"RS256","kid":"1","typ":"JWT"}',
    );
  });

  it("a zone", async () => {
    const { issuer } = await withKeys(zoneKeyRing);
    const issued = await token(issuer.zone({ zone: "east", scope: ["ingress", "x"] }, HOUR));
    expect(JSON.stringify(payloadOf(issued))).toBe(JSON.stringify({ Zone: "east", Scope: ["ingress", "x"], ...times }));
  });

  it("a dataplane, tags and values in order and once", async () => {
    const { issuer } = await withKeys(dataplaneKeyRing("default"));
    const tags = { version: ["1"], "kuma.io/service": ["b", "a", "b"] };
    const identity = { name: "x", mesh: "default", tags, type: "ingress", workload: "w" };
    const issued = await token(issuer.dataplane(identity, HOUR));
    const claims = { Name: "x", Mesh: "default", Tags: { "kuma.io/service": ["a", "b"], version: ["1"] } };
    expect(JSON.stringify(payloadOf(issued))).toBe(
      JSON.stringify({ ...claims, Type: "ingress", Workload: "w", ...times }),
    );
  });
});

describe("a token that Kuma's library made", () => {
  it.each([
    ["user", userKeyRing, readUser, { name: "john", groups: ["team-a"] }],
    ["userWithoutGroups", userKeyRing, readUser, { name: "john", groups: [] }],
    ["zone", zoneKeyRing, readZone, { zone: "east", scope: ["ingress", "egress"] }],
    [
      "dataplane",
      dataplaneKeyRing("default"),
      readDataplane,
      { name: "web-1", mesh: "default", tags: { "kuma.io/service": ["a", "b"] }, type: "dataplane", workload: "" },
    ],
  ] as const)("counts: %s", async (kind, ring, read, identity) => {
    const payload = await validator(await withKeys(ring), ring).validate(foreign[kind]);
    expect(payload.ok && read(payload.value)).toEqual({ ok: true, value: identity });
  });

  it("counts where only the public half is: on a federated zone, and from the configuration", async () => {
    const made = rig();
    await made.putSecret(keyAddress(zonePublicKeyRing, "1"), foreign.publicKey);
    expect((await validator(made, zonePublicKeyRing).validate(foreign.zone)).ok).toBe(true);
    const key = parsePublicKey(Buffer.from(foreign.publicKey));
    if (!key.ok) throw new Error(key.error);
    const offline = new TokenValidator({
      ...rig(),
      ring: userKeyRing,
      configuredKeys: [{ kid: "1", key: key.value }],
      usesSecrets: false,
    });
    expect((await offline.validate(foreign.user)).ok).toBe(true);
    const strict = new TokenValidator({ ...(await withKeys(userKeyRing)), ring: userKeyRing, usesSecrets: false });
    expect(await strict.validate(foreign.user)).toMatchObject({ ok: false });
  });
});

describe("a token does not count", () => {
  const header = (members: object): string => Buffer.from(JSON.stringify(members)).toString("base64url");
  const [, payload = "", signature = ""] = foreign.user.split(".");

  it.each([
    ["nonsense", "nonsense"],
    ["nothing", ""],
    ["without signature", `${header({ alg: "none", kid: "1" })}.${payload}.`],
    ["with another algorithm", `${header({ alg: "HS256", kid: "1" })}.${payload}.${signature}`],
    ["without kid", `${header({ alg: "RS256" })}.${payload}.${signature}`],
    ["with a number as kid", `${header({ alg: "RS256", kid: 1 })}.${payload}.${signature}`],
    [
      "of another payload",
      `${header({ alg: "RS256", kid: "1", typ: "JWT" })}.${header({ Name: "root" })}.${signature}`,
    ],
    ["endless", `${foreign.user}${"A".repeat(20_000)}`],
  ])("%s", async (_, text) => {
    const checked = await validator(await withKeys(userKeyRing), userKeyRing).validate(text);
    expect(checked).toMatchObject({ ok: false, error: expect.stringMatching(/^could not parse token: /) as string });
    if (text !== "" && !checked.ok) expect(checked.error).not.toContain(text);
  });

  it("signed by a key of another kind: a user's is no zone's", async () => {
    const made = await withKeys(userKeyRing);
    await made.putSecret(keyAddress(zoneKeyRing, "1"), OTHER_KEY);
    expect(await validator(made, zoneKeyRing).validate(foreign.user)).toEqual({
      ok: false,
      error: "could not parse token: its signature is wrong",
    });
  });

  it("before its time and after it", async () => {
    const made = await withKeys(userKeyRing);
    const issued = await token(made.issuer.user({ name: "a", groups: null }, HOUR));
    const check = validator(made, userKeyRing);
    expect((await check.validate(issued)).ok).toBe(true);
    made.clock.advance(HOUR - 1);
    expect((await check.validate(issued)).ok).toBe(true);
    made.clock.advance(1);
    expect(await check.validate(issued)).toEqual({ ok: false, error: "token is expired" });
    const past = await withKeys(userKeyRing);
    const future = await token(made.issuer.user({ name: "a", groups: null }, HOUR));
    expect(await validator(past, userKeyRing).validate(future)).toMatchObject({
      ok: false,
      error: expect.stringContaining("valid_from") as string,
    });
  });

  it("once it is revoked, at once, and counts again when it no longer is", async () => {
    const ring = dataplaneKeyRing("default");
    const made = await withKeys(ring);
    const identity = { name: "", mesh: "default", tags: {}, type: "", workload: "" };
    const first = await token(made.issuer.dataplane(identity, HOUR));
    const second = await token(made.issuer.dataplane(identity, HOUR));
    const check = validator(made, ring);
    for (const list of ring.revocations) {
      expect((await check.validate(first)).ok).toBe(true);
      await made.putSecret(list, "other,id-1\n");
      expect(await check.validate(first)).toEqual({ ok: false, error: "token is revoked" });
      expect((await check.validate(second)).ok).toBe(true);
      await made.deleteSecret(list);
    }
    expect((await check.validate(first)).ok).toBe(true);
  });
});

describe("rotation", () => {
  it("signs with the highest serial; older tokens count as long as their key is there", async () => {
    const made = await withKeys(userKeyRing);
    const check = validator(made, userKeyRing);
    const old = await token(made.issuer.user({ name: "a", groups: null }, HOUR));
    await made.putSecret(keyAddress(userKeyRing, "10"), OTHER_KEY);
    await made.putSecret({ type: "GlobalSecret", mesh: "", name: "user-token-signing-key-0099" }, foreign.signingKey);
    await made.putSecret({ type: "GlobalSecret", mesh: "", name: "user-token-signing-key-new" }, foreign.signingKey);
    expect(latestSerial(made.store, userKeyRing)).toBe("10");
    const fresh = await token(made.issuer.user({ name: "a", groups: null }, HOUR));
    expect((await check.validate(old)).ok && (await check.validate(fresh)).ok).toBe(true);
    await made.deleteSecret(keyAddress(userKeyRing, "1"));
    expect(await check.validate(old)).toEqual({
      ok: false,
      error:
        'there is no signing key with KID 1. GlobalSecret of name "user-token-signing-key-1" is not found. If signing key was rotated, regenerate the token',
    });
    expect((await check.validate(fresh)).ok).toBe(true);
  });

  it("notices a key that was exchanged under its name", async () => {
    const made = await withKeys(userKeyRing);
    const check = validator(made, userKeyRing);
    expect((await check.validate(foreign.user)).ok).toBe(true);
    await made.putSecret(keyAddress(userKeyRing, "1"), OTHER_KEY);
    expect((await check.validate(foreign.user)).ok).toBe(false);
  });

  it("takes keys without PEM and without serial, as old control planes made them", async () => {
    const made = rig();
    const der = createPrivateKey(foreign.signingKey).export({ type: "pkcs1", format: "der" });
    await made.putSecret({ type: "GlobalSecret", mesh: "", name: "user-token-signing-key" }, der);
    const issued = await token(made.issuer.user({ name: "a", groups: null }, HOUR));
    expect(issued.startsWith(Buffer.from('{"alg":"RS256","kid":"0"').toString("base64url").slice(0, 20))).toBe(true);
    expect((await validator(made, userKeyRing).validate(issued)).ok).toBe(true);
  });
});

describe("a key that cannot be used", () => {
  const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type: "pkcs1", format: "pem" });
  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "sec1", format: "pem" });
  it.each([
    ["absent", undefined, 'GlobalSecret of name "user-token-signing-key-1" is not found'],
    ["garbage", "hunter2", "is no RSA private key in PEM"],
    ["empty", "", "is no RSA private key in PEM"],
    ["short", small, "has 1024 bits"],
    ["not RSA", curve, "is a key of type ec, not RSA"],
    ["public", foreign.publicKey, "is no RSA private key in PEM"],
  ])("%s: said without its content", async (_, content, reason) => {
    const made = rig();
    if (content !== undefined) await made.putSecret(keyAddress(userKeyRing, "1"), content);
    const issued = await made.issuer.user({ name: "a", groups: null }, HOUR);
    expect(issued).toMatchObject({ ok: false, error: { detail: expect.stringContaining(reason) as string } });
    expect(JSON.stringify(issued)).not.toContain("hunter2");
  });

  it("a private key where only public ones belong", () => {
    expect(parsePublicKey(Buffer.from(OTHER_KEY))).toMatchObject({ ok: false });
  });
});

it("reads claims in any case, and refuses those of another type", () => {
  expect(readUser({ name: "a", groups: ["g"] })).toEqual({ ok: true, value: { name: "a", groups: ["g"] } });
  expect(readUser({ Name: 1 })).toMatchObject({ ok: false });
  expect(readUser({ Name: "a", Groups: "mesh-system:admin" })).toMatchObject({ ok: false });
  expect(readZone({ Zone: "a", Scope: [1] })).toMatchObject({ ok: false });
  expect(readDataplane({ Tags: { a: "b" } })).toMatchObject({ ok: false });
});
