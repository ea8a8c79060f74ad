import { beforeEach, describe, expect, it } from "vitest";
import { keyAddress, zoneKeyRing } from "./key-ring.ts";
import { foreign, type Rig, rig } from "./testing/rig.ts";
import { TokenValidator } from "./token-validator.ts";
import { judgeZoneCertificate, judgeZoneToken, type ZoneProof } from "./zone-proof.ts";

const HOUR = 3_600_000;

describe("a token", () => {
  let made: Rig;
  beforeEach(async () => {
    made = rig();
    await made.putSecret(keyAddress(zoneKeyRing, "1"), foreign.signingKey);
  });

  async function tokenOf(zone: string, scope: readonly string[] | null): Promise<string> {
    const issued = await made.issuer.zone({ zone, scope }, HOUR);
    if (!issued.ok) throw new Error(issued.error.detail);
    return issued.value;
  }

  const judge = (authorization: string | undefined) =>
    judgeZoneToken(
      { zone: "east", authorization, certificate: undefined },
      new TokenValidator({ ...made, ring: zoneKeyRing }),
    );

  it("of the zone, with scope cp, counts until it ends, with or without Bearer", async () => {
    const token = await tokenOf("east", ["ingress", "cp"]);
    for (const header of [token, `Bearer ${token}`, `bearer ${token}`]) {
      expect(await judge(header)).toEqual({ kind: "admitted", expiresAt: made.clock.now() + HOUR });
    }
    made.clock.advance(HOUR);
    expect(await judge(token)).toEqual({
      kind: "unauthenticated",
      reason: "the token of zone east does not count: token is expired",
    });
  });

  it.each<[string, string, readonly string[] | null, string]>([
    ["of another zone", "west", ["cp"], "the token is that of zone west, not of zone east"],
    ["of no zone", "", ["cp"], "the token names no zone: each control plane needs one of its own"],
    ["of proxies", "east", ["ingress", "egress"], 'the token of zone east is for proxies: its scope has no "cp"'],
    ["without scope", "east", null, 'the token of zone east is for proxies: its scope has no "cp"'],
  ])("%s is denied", async (_, zone, scope, reason) => {
    expect(await judge(await tokenOf(zone, scope))).toEqual({ kind: "denied", reason });
  });

  it("that is none, or not there, proves nothing", async () => {
    for (const [header, reason] of [
      [undefined, 'zone east has to show a zone token with scope "cp"'],
      ["", 'zone east has to show a zone token with scope "cp"'],
      ["Bearer nonsense", "the token of zone east does not count: could not parse token: it is no JWT"],
    ] as const) {
      expect(await judge(header)).toEqual({ kind: "unauthenticated", reason });
    }
  });

  it("that is revoked proves nothing", async () => {
    const token = await tokenOf("east", ["cp"]);
    await made.putSecret({ type: "GlobalSecret", mesh: "", name: "zone-token-revocations" }, "id-1");
    expect(await judge(token)).toMatchObject({ kind: "unauthenticated" });
  });
});

describe("a certificate", () => {
  const certificate = { commonName: "", names: [], expiresAt: 2_000 };
  const judge = (shown: Partial<ZoneProof["certificate"]> | undefined) =>
    judgeZoneCertificate(
      { zone: "east", authorization: undefined, certificate: shown && { ...certificate, ...shown } },
      1_000,
    );

  it.each([
    ["by common name", { commonName: "east" }],
    ["by host name", { commonName: "x", names: ["a.example", "east"] }],
    ["by SPIFFE id", { names: ["spiffe://corp.example/zone/east"] }],
  ])("counts %s", (_, shown) => {
    expect(judge(shown)).toEqual({ kind: "admitted", expiresAt: 2_000 });
  });

  it.each([
    ["of another zone", { commonName: "west" }, "denied", "the certificate is that of west, not of zone east"],
    ["of another SPIFFE id", { names: ["spiffe://a/ns/zone/east"] }, "denied", "spiffe://a/ns/zone/east"],
    ["that only contains the name", { names: ["east.example", "spiffe://east"] }, "denied", "not of zone east"],
    ["that has expired", { commonName: "east", expiresAt: 1_000 }, "unauthenticated", "has expired"],
    ["that is not there", undefined, "unauthenticated", "has to show a client certificate"],
  ] as const)("%s does not count", (_, shown, kind, reason) => {
    expect(judge(shown)).toEqual({ kind, reason: expect.stringContaining(reason) as string });
  });
});
