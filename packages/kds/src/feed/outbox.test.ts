import { definePolicy, Registry, type Resource } from "@isthmus/resources";
import { createMemoryStore, type Op, type ResourceDraft, type Store } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { ALL_FEATURES, FEATURE_HASH_SUFFIX } from "../mapping/features.ts";
import type { SenderRole } from "../mapping/mapper.ts";
import { registry as builtin, makeResource } from "../testing/make-resource.ts";
import { Outbox, type OutboxChange, type OutboxFailure } from "./outbox.ts";
import type { Cursor, Delta } from "./outbox-view.ts";

const GLOBAL: SenderRole = { kind: "global" };
const EAST: SenderRole = { kind: "zone", zone: "east" };
const OLD_ZONE = ALL_FEATURES & ~FEATURE_HASH_SUFFIX;

type Given = Parameters<typeof makeResource>[1] & { readonly owner?: ResourceDraft["owner"] };

function put(type: string, name: string, given: Given = {}): Op {
  const { mesh, labels, spec, status } = makeResource(type, given);
  const rest = {
    ...(status === undefined ? {} : { status }),
    ...(given.owner === undefined ? {} : { owner: given.owner }),
  };
  return { kind: "put", resource: { type, mesh, name, labels, spec, ...rest } };
}

function remove(type: string, name: string, mesh = makeResource(type).mesh): Op {
  return { kind: "delete", key: { type, mesh, name } };
}

function fromZone(zone: string, labels: Resource["labels"] = {}): Given {
  return { labels: { "kuma.io/origin": "zone", "kuma.io/zone": zone, ...labels } };
}

class Rig {
  readonly store: Store = createMemoryStore({ clock: new FakeClock() });
  readonly outbox: Outbox;
  readonly changes: OutboxChange[] = [];
  readonly failures: OutboxFailure[] = [];

  constructor(role: SenderRole = GLOBAL, options: { registry?: Registry; maxResourceBytes?: number } = {}) {
    this.outbox = new Outbox({
      registry: builtin,
      ...options,
      store: this.store,
      role,
      onFailure: (failure) => this.failures.push(failure),
    });
  }

  start(): this {
    this.outbox.start();
    this.outbox.subscribe((change) => this.changes.push(change));
    return this;
  }

  async commit(...ops: readonly Op[]): Promise<void> {
    await this.store.commit(ops);
  }

  delta(type: string, zone: string, cursor?: Cursor, features = ALL_FEATURES): Delta {
    const result = this.outbox.view(features).delta(type, { zone, features }, cursor, Number.POSITIVE_INFINITY);
    if (result.kind !== "delta") throw new Error(result.kind);
    return result;
  }

  end(type: string): Cursor {
    return this.outbox.view(ALL_FEATURES).end(type);
  }

  names(type: string, zone: string, cursor?: Cursor, features = ALL_FEATURES): string {
    const { upserts, removals } = this.delta(type, zone, cursor, features);
    // Without the hash of the name: what it is, the mapper's tests say.
    const short = (wireName: string): string => wireName.replace(/-[a-z0-9]{16}\./, "-#.");
    return [...upserts.map((u) => `+${short(u.wireName)}`), ...removals.map((name) => `-${short(name)}`)].join(" ");
  }

  touched(): readonly (readonly string[])[] {
    return this.changes.map((change) => [...change.types].sort());
  }
}

let rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs) rig.outbox.stop();
  rigs = [];
});

function globalRig(options: { maxResourceBytes?: number; registry?: Registry } = {}): Rig {
  const rig = new Rig(GLOBAL, options);
  rigs.push(rig);
  return rig;
}

function zoneRig(): Rig {
  const rig = new Rig(EAST);
  rigs.push(rig);
  return rig;
}

describe("before its store is loaded", () => {
  it("an outbox answers nobody: an empty answer would make peers delete everything", () => {
    expect(() => globalRig().outbox.view(ALL_FEATURES)).toThrow("not started");
  });

  it("and afterwards it has what was there, and follows", async () => {
    const rig = globalRig();
    await rig.commit(put("Mesh", "default"), put("MeshTimeout", "a"));
    rig.start();
    expect(rig.names("Mesh", "east")).toBe("+default.");
    expect(rig.outbox.revision).toBe(rig.store.revision);
    await rig.commit(put("Mesh", "second"));
    expect(rig.names("Mesh", "east")).toBe("+default. +second.");
    expect(rig.touched()).toEqual([["Mesh"]]);
  });
});

describe("a commit", () => {
  it("is told once, with all types that it touched for some peer", async () => {
    const rig = globalRig().start();
    await rig.commit(put("Mesh", "default"), put("MeshTimeout", "a"), put("MeshTimeout", "b"), put("Zone", "east"));
    await rig.commit(put("ZoneInsight", "east"), put("Config", "kuma-internal"));
    await rig.commit(remove("MeshTimeout", "a"));
    expect(rig.touched()).toEqual([["Mesh", "MeshTimeout"], ["MeshTimeout"]]);
    expect(rig.changes.at(-1)).toMatchObject({ revision: rig.store.revision });
  });

  it("of a status is one towards the global, none towards zones", async () => {
    const zone = zoneRig().start();
    const global = globalRig().start();
    for (const rig of [zone, global]) await rig.commit(put("MeshExternalService", "a", { status: {} }));
    const cursors = [zone.end("MeshExternalService"), global.end("MeshExternalService")];
    const status = { vip: { ip: "242.0.0.1" } };
    for (const rig of [zone, global]) await rig.commit(put("MeshExternalService", "a", { status }));
    expect(zone.names("MeshExternalService", "east", cursors[0])).toBe("+a-#.default");
    expect(global.names("MeshExternalService", "east", cursors[1])).toBe("");
    expect(global.touched()).toHaveLength(1);
  });

  it("of a name that KDS makes shorter or longer moves the resource", async () => {
    const rig = globalRig().start();
    await rig.commit(put("MeshTimeout", "a"));
    const cursor = rig.end("MeshTimeout");
    await rig.commit(put("MeshTimeout", "a", { labels: { "kuma.io/display-name": "shown" } }));
    expect(rig.names("MeshTimeout", "east", cursor)).toBe("+shown-#.default -a-#.default");
  });
});

describe("towards zones", () => {
  it("the home zone never gets its own back, others do; the version is the same for all", async () => {
    const rig = globalRig().start();
    await rig.commit(put("Zone", "east"), put("MeshService", "s", fromZone("east")));
    expect(rig.names("MeshService", "east")).toBe("");
    const west = rig.delta("MeshService", "west").upserts[0];
    expect(west?.wireName).toMatch(/^s-/);
    expect(rig.delta("MeshService", "south").upserts[0]?.chunk).toBe(west?.chunk);
  });

  it("a disabled zone's resources are withdrawn from the others with a reason, and come back", async () => {
    const rig = globalRig().start();
    await rig.commit(put("Zone", "east", { spec: { enabled: true } }), put("Zone", "west"));
    await rig.commit(
      put("MeshService", "s", fromZone("east")),
      put("MeshService", "t", fromZone("west")),
      put("ZoneIngress", "i", fromZone("east")),
      put("MeshTrust", "kept", fromZone("east")),
    );
    const before = rig.end("MeshService");
    rig.changes.length = 0;
    await rig.commit(put("Zone", "east", { spec: { enabled: false } }));
    expect(rig.touched()).toEqual([["MeshService", "ZoneIngress"]]);
    expect(rig.names("MeshService", "west", before)).toBe("-s-#.default");
    expect(rig.delta("MeshService", "west", before).intents).toEqual(["zone/east"]);
    expect(rig.names("MeshService", "east", before)).toBe("");
    expect(rig.names("MeshService", "east")).toBe("+t-#.default");

    const disabled = rig.end("MeshService");
    await rig.commit(put("MeshService", "u", fromZone("east")));
    expect(rig.names("MeshService", "west", disabled)).toBe("");
    await rig.commit(put("Zone", "east", { spec: {} }));
    expect(rig.names("MeshService", "west", disabled)).toBe("+s-#.default +u-#.default");
    expect(rig.names("MeshService", "east", disabled)).toBe("");
  });

  it("knows the zones that were disabled before it started", async () => {
    const rig = globalRig();
    await rig.commit(put("Zone", "east", { spec: { enabled: false } }), put("MeshService", "s", fromZone("east")));
    rig.start();
    expect(rig.names("MeshService", "west")).toBe("");
  });

  it("a deleted zone takes its resources along, with that reason", async () => {
    const rig = globalRig().start();
    await rig.commit(put("Zone", "east"));
    const owner = { type: "Zone", mesh: "", name: "east" };
    await rig.commit(
      put("MeshService", "s", { ...fromZone("east"), owner }),
      put("MeshService", "t", fromZone("west")),
    );
    const cursor = rig.end("MeshService");
    await rig.commit(remove("Zone", "east"));
    expect(rig.names("MeshService", "west", cursor)).toBe("-s-#.default");
    expect(rig.delta("MeshService", "west", cursor).intents).toEqual(["zone/east"]);
  });

  it("a deleted mesh gives its reason to what goes with it", async () => {
    const rig = globalRig().start();
    await rig.commit(put("Mesh", "m"));
    const owner = { type: "Mesh", mesh: "", name: "m" };
    await rig.commit(put("MeshTimeout", "a", { mesh: "m", owner }), put("MeshTimeout", "b"));
    const [meshes, timeouts] = [rig.end("Mesh"), rig.end("MeshTimeout")];
    await rig.commit(remove("Mesh", "m"));
    expect(rig.delta("Mesh", "east", meshes)).toMatchObject({ removals: ["m."], intents: ["mesh/m"] });
    expect(rig.delta("MeshTimeout", "east", timeouts).intents).toEqual(["mesh/m"]);
    const after = rig.end("MeshTimeout");
    await rig.commit(remove("MeshTimeout", "b"));
    expect(rig.delta("MeshTimeout", "east", after).intents).toEqual([]);
  });

  it("zones without hash-suffix get plain names, of everything since the beginning", async () => {
    const rig = globalRig().start();
    await rig.commit(put("MeshTimeout", "a"));
    expect(rig.names("MeshTimeout", "east", undefined, OLD_ZONE)).toBe("+a.default");
    const cursor = rig.outbox.view(OLD_ZONE).end("MeshTimeout");
    await rig.commit(remove("MeshTimeout", "a"), put("MeshTimeout", "b"));
    expect(rig.names("MeshTimeout", "east", cursor, OLD_ZONE)).toBe("+b.default -a.default");
    expect(rig.touched()).toHaveLength(2);
  });
});

describe("a resource that cannot be sent", () => {
  it("a signing key that does not parse is left out and reported; the others go on; a repaired one goes out", async () => {
    const rig = globalRig().start();
    const broken = { spec: { data: Buffer.from("no key").toString("base64") } };
    await rig.commit(put("GlobalSecret", "zone-token-signing-key-1", broken), put("GlobalSecret", "plain"));
    expect(rig.names("GlobalSecret", "east")).toBe("+plain.");
    expect(rig.names("GlobalSecret", "west")).toBe("+plain.");
    expect(rig.failures).toEqual([
      {
        key: { type: "GlobalSecret", mesh: "", name: "zone-token-signing-key-1" },
        reason: "no PEM block RSA PRIVATE KEY",
      },
    ]);
    expect(rig.outbox.view(ALL_FEATURES).count("GlobalSecret", { zone: "east", features: ALL_FEATURES })).toBe(1);
  });

  it("a resource above the message limit is left out until it is smaller", async () => {
    const rig = globalRig({ maxResourceBytes: 2_000 }).start();
    const sized = (size: number): Given => ({ spec: { data: Buffer.alloc(size).toString("base64") } });
    await rig.commit(put("Secret", "big", sized(5_000)), put("Secret", "small", sized(10)));
    expect(rig.names("Secret", "east")).toBe("+small.default");
    expect(rig.failures[0]?.reason).toMatch(/^\d+ bytes, more than the 2000 that fit one message$/);
    const cursor = rig.end("Secret");
    await rig.commit(put("Secret", "big", sized(100)));
    expect(rig.names("Secret", "east", cursor)).toBe("+big.default");
  });

  it("one that grows too large is withdrawn: its old content is not what it is any more", async () => {
    const rig = globalRig({ maxResourceBytes: 2_000 }).start();
    await rig.commit(put("Secret", "s", { spec: { data: "" } }));
    const cursor = rig.delta("Secret", "east").next;
    await rig.commit(put("Secret", "s", { spec: { data: Buffer.alloc(5_000).toString("base64") } }));
    expect(rig.names("Secret", "east", cursor)).toBe("-s.default");
  });
});

describe("two resources for one wire name", () => {
  it("the first in order is sent, the other is reported and follows when the first is gone", async () => {
    const rig = globalRig().start();
    const same: Given = fromZone("east", { "kuma.io/display-name": "s" });
    await rig.commit(put("MeshService", "two", { ...same, spec: { state: "Available" } }));
    const cursor = rig.end("MeshService");
    await rig.commit(put("MeshService", "one", same));
    expect(rig.delta("MeshService", "west", cursor).upserts).toHaveLength(1);
    expect(rig.failures.map((failure) => failure.key.name)).toEqual(["two"]);
    const next = rig.end("MeshService");
    await rig.commit(remove("MeshService", "one"));
    expect(rig.names("MeshService", "west", next)).toBe("+s-#.default");
    const last = rig.end("MeshService");
    await rig.commit(remove("MeshService", "two"));
    expect(rig.names("MeshService", "west", last)).toBe("-s-#.default");
  });
});

describe("readers", () => {
  it("keep gone rows alive until they have moved on or left", async () => {
    const rig = globalRig().start();
    const names = Array.from({ length: 300 }, (_, i) => `n${i}`);
    await rig.commit(...names.map((name) => put("MeshTimeout", name)));
    const cursor = rig.end("MeshTimeout");
    const release = rig.outbox.register((type) =>
      type === "MeshTimeout" ? cursor.revision : Number.POSITIVE_INFINITY,
    );
    for (const name of names) await rig.commit(remove("MeshTimeout", name));
    expect(rig.delta("MeshTimeout", "east", cursor).removals).toHaveLength(300);
    release();
    for (let i = 0; i < 700; i += 1)
      await rig.commit(i % 2 === 0 ? put("MeshTimeout", "x") : remove("MeshTimeout", "x"));
    expect(rig.outbox.view(ALL_FEATURES)).toMatchObject({ revision: rig.store.revision });
    expect(rig.names("MeshTimeout", "east")).toBe("");
  });
});

describe("a made-up type", () => {
  it("is synced by its descriptor alone", async () => {
    const descriptor = definePolicy({ name: "MeshMadeUp", shortName: "mmu", to: true });
    const rig = globalRig({ registry: new Registry([...builtin.all(), descriptor]) }).start();
    await rig.commit(put("Mesh", "default"), {
      kind: "put",
      resource: { type: "MeshMadeUp", mesh: "default", name: "a", labels: {}, spec: {} },
    });
    expect(rig.names("MeshMadeUp", "east")).toBe("+a-#.default");
  });
});

it("a stopped outbox takes in and tells nothing more", async () => {
  const rig = globalRig().start();
  rig.outbox.stop();
  await rig.commit(put("Mesh", "default"));
  expect(rig.changes).toEqual([]);
  expect(rig.outbox.revision).toBe(0);
});
