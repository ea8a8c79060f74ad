/**
 * Sessions against a model of Envoy: random snapshots, delays, back-pressure, mistakes that Envoy refuses, broken streams and restarts.
 * Checked after every step: no listener comes before its clusters, no cluster goes while a listener uses it, nothing of an earlier
 * stream is sent. At the end: both sides fall silent, and Envoy runs exactly the last snapshot.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EncodedResource } from "../content/encoded-resource.ts";
import type { AdsRequest, AdsSend, AdsVariant } from "./ads-state.ts";
import { AdsRig, type Contents, sendsOf } from "./testing/ads-rig.ts";
import { EnvoyModel } from "./testing/envoy-model.ts";

/** Wrong variants of the rules, as a harness can make them; the model has to notice each. */
type Mutation =
  | "none"
  | "endpoints of warmed clusters are not told again"
  | "session kept over a reconnect"
  | "clusters go at once";

const NAMES = ["a", "b", "c", "d"];
const STEPS_UNTIL_SILENT = 400;

type Command =
  | { readonly kind: "snapshot"; readonly contents: Contents }
  | { readonly kind: "toServer" | "toClient"; readonly count: number }
  | { readonly kind: "blocked" | "drained" | "reconnect" | "restart" }
  | { readonly kind: "tick"; readonly ms: number };

const content = (good: readonly string[], bad: boolean) =>
  bad ? fc.constantFrom(...good, ...good, ...good, "bad 1", "bad 2") : fc.constantFrom(...good);

function contentsArbitrary(bad: boolean): fc.Arbitrary<Contents> {
  return fc
    .record({
      clusters: fc.dictionary(fc.constantFrom(...NAMES), content(["eds 1", "eds 2", "static 1"], bad), {
        noNullPrototype: true,
      }),
      endpoints: fc.dictionary(fc.constantFrom(...NAMES), content(["1", "2", "3"], bad), { noNullPrototype: true }),
      listeners: fc.dictionary(
        fc.constantFrom("in", "out"),
        fc.tuple(content(["1", "2"], false), fc.subarray(NAMES), bad ? fc.boolean() : fc.constant(false)),
        { noNullPrototype: true },
      ),
      secret: fc.constantFrom("1", "2"),
    })
    .map(({ clusters, endpoints, listeners, secret }) => ({
      cds: clusters,
      // Consistent in itself: endpoints of just the clusters that want them, listeners that name clusters which are there.
      eds: Object.fromEntries(Object.keys(clusters).map((name) => [name, endpoints[name] ?? "0"])),
      lds: Object.fromEntries(
        Object.entries(listeners).map(([name, [n, uses, isBad]]) => {
          const there = uses.filter((cluster) => cluster in clusters).join(",");
          return [name, `${isBad ? "bad" : n} ${there}`];
        }),
      ),
      sds: { cert: secret },
    }));
}

const count = fc.integer({ min: 1, max: 4 });
const commands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("snapshot" as const), contents: contentsArbitrary(true) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom("toServer" as const, "toClient" as const), count }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("blocked" as const, "drained" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("reconnect" as const, "restart" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("tick" as const), ms: fc.integer({ min: 50, max: 6_000 }) }) },
);

class World {
  readonly #variant: AdsVariant;
  readonly #options: { readonly namesErrors: boolean; readonly resubscribes: boolean };
  readonly #mutation: Mutation;
  envoy: EnvoyModel;
  rig: AdsRig;
  #toServer: AdsRequest[] = [];
  #toClient: AdsSend[] = [];
  #contents: Contents = {};
  #hasSnapshot = false;

  constructor(variant: AdsVariant, options: { namesErrors: boolean; resubscribes: boolean }, mutation: Mutation) {
    this.#variant = variant;
    this.#options = options;
    this.#mutation = mutation;
    this.rig = new AdsRig(variant);
    this.envoy = new EnvoyModel({ variant, ...options });
    this.envoy.connect();
    this.#collect();
  }

  run(command: Command): void {
    switch (command.kind) {
      case "snapshot":
        this.#contents = command.contents;
        this.#hasSnapshot = true;
        this.#take(this.rig.snapshot(command.contents));
        break;
      case "toServer":
        for (const request of this.#toServer.splice(0, command.count))
          this.#take(this.rig.step({ kind: "request", ...request }));
        break;
      case "toClient":
        for (const send of this.#toClient.splice(0, command.count)) this.#deliver(send);
        break;
      case "blocked":
      case "drained":
        this.#take(this.rig.step({ kind: command.kind }));
        break;
      case "tick":
        this.rig.now += command.ms;
        this.#take(this.rig.step({ kind: "woken" }));
        break;
      case "reconnect":
      case "restart":
        this.#reconnect(command.kind === "restart");
    }
    expect(this.envoy.violations).toEqual([]);
  }

  /** Delivers everything until nobody has anything to say. */
  settle(): void {
    this.run({ kind: "drained" });
    for (let steps = 0; steps < STEPS_UNTIL_SILENT; steps += 1) {
      this.run({ kind: "toServer", count: 1 });
      this.run({ kind: "toClient", count: 1 });
      if (this.#toServer.length + this.#toClient.length > 0) continue;
      this.run({ kind: "tick", ms: 10_000 });
      if (this.#toServer.length + this.#toClient.length === 0) return;
    }
    expect.fail("the conversation does not end");
  }

  #deliver(send: AdsSend): void {
    const { content } = send;
    if (this.#mutation === "endpoints of warmed clusters are not told again" && content.form === "part") {
      const isKnown = ({ name, version }: EncodedResource) => this.envoy.endpoints.get(name)?.version === version;
      const upserts = content.upserts.filter((each) => !each.typeUrl.endsWith("Assignment") || !isKnown(each));
      this.envoy.receive({ ...send, content: { ...content, upserts } });
    } else if (
      this.#mutation === "clusters go at once" &&
      content.form === "whole" &&
      send.typeUrl.endsWith("Cluster")
    ) {
      const withdrawn = [...content.resources].filter(({ name }) => this.#contents.cds?.[name] === undefined);
      const resources = content.resources.without(withdrawn.map(({ name }) => name));
      this.envoy.receive({ ...send, content: { ...content, resources } });
    } else {
      this.envoy.receive(send);
    }
  }

  #take(effects: ReturnType<AdsRig["step"]>): void {
    const sends = [...sendsOf(effects)];
    if (this.#mutation === "clusters go at once" && sends[0]?.typeUrl.endsWith("Listener"))
      this.#toClient.unshift(...sends);
    else this.#toClient.push(...sends);
    this.#collect();
  }

  #collect(): void {
    this.#toServer.push(...this.envoy.outgoing.splice(0));
  }

  #reconnect(isRestart: boolean): void {
    this.#toServer = [];
    this.#toClient = [];
    const { now } = this.rig;
    if (this.#mutation !== "session kept over a reconnect") this.rig = new AdsRig(this.#variant);
    this.rig.now = now;
    const { violations } = this.envoy;
    if (isRestart) this.envoy = new EnvoyModel({ variant: this.#variant, ...this.#options });
    this.envoy.violations.push(...violations);
    this.envoy.connect();
    this.#collect();
    if (this.#hasSnapshot) this.#take(this.rig.snapshot(this.#contents));
  }
}

function holds(variant: AdsVariant, mutation: Mutation = "none"): fc.IProperty<unknown> {
  return fc.property(
    fc.record({ namesErrors: fc.boolean(), resubscribes: fc.boolean() }),
    fc.array(commands, { maxLength: 60 }),
    contentsArbitrary(false),
    (options, list, last) => {
      const world = new World(variant, options, mutation);
      for (const command of list) world.run(command);
      world.settle();
      world.run({ kind: "snapshot", contents: last });
      world.settle();
      const text = (map: ReadonlyMap<string, { readonly content: string }>) =>
        Object.fromEntries([...map].map(([name, held]) => [name, held.content]));
      expect(text(world.envoy.warming)).toEqual({});
      expect(text(world.envoy.active)).toEqual(last.cds);
      expect(text(world.envoy.listeners)).toEqual(last.lds);
      const eds = Object.entries(last.eds ?? {}).filter(([name]) => last.cds?.[name]?.startsWith("eds"));
      expect(text(world.envoy.endpoints)).toMatchObject(Object.fromEntries(eds));
      expect(text(world.envoy.secrets)).toEqual(last.sds);
      expect([...world.rig.state.types.values()].every(({ phase }) => phase === "idle")).toBe(true);
    },
  );
}

describe("a session and Envoy", () => {
  it.each(["state", "delta"] as const)(
    "%s: every history ends with the last snapshot, and nothing breaks on the way",
    (variant) => {
      fc.assert(holds(variant), { numRuns: 500 });
    },
  );

  it.each([
    "endpoints of warmed clusters are not told again",
    "session kept over a reconnect",
    "clusters go at once",
  ] as const)("the model notices: %s", (mutation) => {
    const result = fc.check(holds("state", mutation), { numRuns: 1_500 });
    expect(result.failed).toBe(true);
  });
});
