/** Zones that have to prove that they are: over real gRPC, with proofs that come and go. */
import { GrpcCode, metadataOf, type PeerCertificate } from "@isthmus/grpc-kit";
import { ok } from "@isthmus/std";
import { eventually, FakeClock, TestCa } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { encodeHealthRequest } from "./health-check.ts";
import { KDS_PATHS } from "./kds-methods.ts";
import { LoopbackRig, zoneOf } from "./testing/loopback-rig.ts";
import { type Admitted, type ZoneAuthentication, type ZoneCredentials, ZoneGate } from "./zone-gate.ts";

const rig = new LoopbackRig();
afterEach(() => rig.end());

/** Who shows the password of a zone is that zone. */
class Passwords implements ZoneAuthentication {
  readonly passwords = new Map([
    ["east", "e"],
    ["west", "w"],
  ]);
  readonly asked: ZoneCredentials[] = [];
  expiresAt: number | undefined;
  #listener: (() => void) | undefined;

  async check(credentials: ZoneCredentials) {
    this.asked.push(credentials);
    await Promise.resolve();
    const { zone, authorization } = credentials;
    if (authorization === undefined) return { kind: "unauthenticated", reason: `zone ${zone} shows nothing` } as const;
    if (authorization !== this.passwords.get(zone)) return { kind: "denied", reason: `not ${zone}` } as const;
    return { kind: "admitted", expiresAt: this.expiresAt } as const;
  }

  subscribe(listener: () => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  revoke(zone: string): void {
    this.passwords.delete(zone);
    this.#listener?.();
  }

  get isWatched(): boolean {
    return this.#listener !== undefined;
  }
}

const header = (zone: string, authorization?: string) => ({
  ...zoneOf(zone),
  ...(authorization !== undefined && { authorization }),
});

describe("a global that wants proof", () => {
  it("refuses every call of those who have none, or that of another zone", async () => {
    const global = await rig.global({ authentication: new Passwords() });
    const peer = rig.raw(global.address);
    for (const kind of ["GlobalToZoneSync", "ZoneToGlobalSync", "StreamXDSConfigs", "StreamStats"] as const) {
      expect(await peer.open(kind, header("east")).ended()).toEqual({
        code: GrpcCode.UNAUTHENTICATED,
        details: "zone east shows nothing",
      });
      expect(await peer.open(kind, header("east", "w")).ended()).toEqual({
        code: GrpcCode.PERMISSION_DENIED,
        details: "not east",
      });
    }
    const ping = peer.connection.unary(KDS_PATHS.HealthCheck, encodeHealthRequest(), metadataOf(header("east", "w")));
    await expect(ping).rejects.toMatchObject({
      code: GrpcCode.PERMISSION_DENIED,
    });
    expect(global.events.map(({ kind }) => kind)).not.toContain("pinged");
    expect(global.events.filter(({ kind }) => kind === "refused")).toHaveLength(9);
    expect(global.server.status()).toEqual([]);
    expect(global.store.list("Zone")).toEqual([]);
  });

  it("serves who has it, and lets no stranger push him aside", async () => {
    const global = await rig.global({ authentication: new Passwords() });
    const east = await rig.zone("east", global.address, { proof: async () => ok({ authorization: "e" }) });
    await eventually(() => east.client.isConnected && global.server.isOnline("east"));
    const stranger = rig.raw(global.address).open("GlobalToZoneSync", header("east", "w"));
    expect((await stranger.ended()).code).toBe(GrpcCode.PERMISSION_DENIED);
    expect(global.server.isOnline("east")).toBe(true);
    expect(global.events.map(({ kind }) => kind)).not.toContain("zoneNameConflict");
    expect(global.server.status()[0]?.peer.authTokenProvided).toBe(true);
  });

  it("ends the streams of one whose proof is revoked, and of no other", async () => {
    const authentication = new Passwords();
    const global = await rig.global({ authentication });
    let password = "e";
    const east = await rig.zone("east", global.address, { proof: async () => ok({ authorization: password }) });
    const west = await rig.zone("west", global.address, { proof: async () => ok({ authorization: "w" }) });
    await eventually(() => global.server.isOnline("east") && global.server.isOnline("west"));
    const { connection } = global.server.status().find(({ zone }) => zone === "west")?.peer ?? {};

    const admin = rig.raw(global.address).open("StreamStats", header("east", "e"));
    await eventually(() =>
      global.events.some((event) => event.kind === "streamOpened" && event.stream === "StreamStats"),
    );
    authentication.revoke("east");
    expect((await admin.ended()).code).toBe(GrpcCode.PERMISSION_DENIED);
    await eventually(() => !global.server.isOnline("east"));
    await eventually(() => east.events.some((event) => event.kind === "retrying" && event.reason.includes("not east")));
    authentication.passwords.set("east", "new");
    password = "new";
    await eventually(() => global.server.isOnline("east"));
    expect(west.client.isConnected).toBe(true);
    expect(global.server.status().find(({ zone }) => zone === "west")?.peer.connection).toBe(connection);
  });

  it("stops asking when it stops", async () => {
    const authentication = new Passwords();
    const global = await rig.global({ authentication });
    expect(authentication.isWatched).toBe(true);
    await global.server.stop();
    expect(authentication.isWatched).toBe(false);
  });

  it("sees the certificate of a zone on every call", async () => {
    const ca = await TestCa.create();
    const pair = await ca.issue({ commonName: "cp", usage: "server", names: ["127.0.0.1"] });
    const seen: (PeerCertificate | undefined)[] = [];
    const authentication: ZoneAuthentication = {
      async check({ certificate }) {
        seen.push(certificate);
        return { kind: "admitted", expiresAt: undefined };
      },
      subscribe: () => () => {},
    };
    const global = await rig.global({ authentication, server: { tls: { ...pair, clientCa: ca.certificate } } });
    const client = await ca.issue({ commonName: "east", usage: "client" });
    await rig.zone("east", global.address.replace("grpc:", "grpcs:"), {
      tls: { ca: ca.certificate },
      proof: async () => ok(client),
    });
    await eventually(() => global.server.isOnline("east") && global.events.some(({ kind }) => kind === "pinged"));
    expect(new Set(seen.map((certificate) => certificate?.commonName))).toEqual(new Set(["east"]));
  });

  it("a zone without its proof says why, and goes on trying", async () => {
    const global = await rig.global({ authentication: new Passwords() });
    let hasFile = false;
    const east = await rig.zone("east", global.address, {
      proof: async () => (hasFile ? ok({ authorization: "e" }) : { ok: false, error: "no such file" }),
    });
    await eventually(() => east.events.some((event) => event.kind === "retrying" && event.reason === "no such file"));
    hasFile = true;
    await eventually(() => global.server.isOnline("east"));
  });
});

describe("the gate", () => {
  const credentials = { zone: "east", authorization: "e", certificate: undefined };

  function admittedOne(): Admitted & { readonly ended: string[] } {
    const ended: string[] = [];
    return {
      credentials,
      ended,
      end: ({ details }) => void ended.push(details),
    };
  }

  it("asks again when a proof expires, which may be in years", async () => {
    const clock = new FakeClock();
    const authentication = new Passwords();
    const year = 365 * 86_400_000;
    authentication.expiresAt = clock.now() + 2 * year;
    const admitted = admittedOne();
    const gate = new ZoneGate({ authentication, clock });
    gate.start();
    gate.watch(admitted);
    await eventually(() => clock.pendingTimers === 1);
    authentication.passwords.delete("east");
    clock.advance(2 * year - 1_000);
    expect([clock.pendingTimers, admitted.ended]).toEqual([1, []]);
    clock.advance(1_000);
    await eventually(() => admitted.ended.length === 1);
    expect(admitted.ended).toEqual(["not east"]);
    expect(clock.pendingTimers).toBe(0);
    gate.stop();
  });

  it("does not let in who was revoked while it asked", async () => {
    const authentication = new Passwords();
    const gate = new ZoneGate({ authentication, clock: new FakeClock() });
    gate.start();
    const slow = authentication.check.bind(authentication);
    let isFirst = true;
    authentication.check = async (asked) => {
      const verdict = await slow(asked);
      if (isFirst) authentication.revoke("east");
      isFirst = false;
      return verdict;
    };
    expect(await gate.refusal(credentials)).toMatchObject({ code: GrpcCode.PERMISSION_DENIED });
    gate.stop();
  });
});
