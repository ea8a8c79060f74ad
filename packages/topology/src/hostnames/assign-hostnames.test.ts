import { readFileSync } from "node:fs";
import { type Labels, objectOf, objectsOf, type Resource, textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject, parseJson } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byCreation } from "../model/creation-order.ts";
import { SERVICE_KINDS } from "../model/read-service.ts";
import type { ServiceKind } from "../model/service.ts";
import { type RecordedStore, recordedStore } from "../testing/recorded-store.ts";
import {
  assignHostnames,
  type HostnameAssignment,
  type Hostnames,
  hostnameOwner,
  hostnamesOf,
  planHostnames,
  renderHostnames,
  statusWithHostnames,
} from "./assign-hostnames.ts";
import { type HostnameGenerator, type NamedService, readHostnameGenerator } from "./hostname-generator.ts";

const at = (second: number) => `2026-01-01T00:00:0${second}Z`;

function service(name: string, labels: Labels = {}, creationTime = at(0)): NamedService {
  return { mesh: "default", name, labels, creationTime };
}

function generator(name: string, template: string, labels: Labels = {}, creationTime = at(0)): HostnameGenerator {
  const spec: JsonObject = { selector: { meshService: { matchLabels: {} } }, template };
  const rest = { type: "HostnameGenerator", mesh: "", modificationTime: creationTime, version: 1 };
  return readHostnameGenerator({ ...rest, name, labels, spec, creationTime });
}

function assign(services: readonly NamedService[], generators: readonly HostnameGenerator[]): HostnameAssignment {
  const plan = planHostnames({ services: new Map([["MeshService", services]]), generators, zone: "west" });
  const found = plan.get("MeshService");
  if (found === undefined) throw new Error("MeshServices are missing");
  return found;
}

function of({ services }: HostnameAssignment, name: string): Hostnames {
  const found = services.get(name);
  if (found === undefined) throw new Error(`${name} is missing`);
  return found;
}

/** `hostname < generator`, and `generator: reason message` for conditions other than that all is well. */
function summary(plan: HostnameAssignment, name: string): readonly string[] {
  const found = of(plan, name);
  const addresses = found.addresses.map((entry) => `${textOf(entry, "hostname")} < ${coreName(entry)}`);
  const conditions = found.hostnameGenerators.flatMap((entry) =>
    objectsOf(entry, "conditions")
      .filter(({ reason }) => reason !== "Generated")
      .map((condition) => `${coreName(entry)}: ${textOf(condition, "reason")} ${textOf(condition, "message")}`),
  );
  return [...addresses, ...conditions];
}

const coreName = (entry: JsonObject): string => textOf(objectOf(entry, "hostnameGeneratorRef"), "coreName");

function recordedGenerators(store: RecordedStore): readonly HostnameGenerator[] {
  const text = readFileSync(new URL(`../../testdata/hostname-generators/${store}.jsonl`, import.meta.url), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const parsed = parseJson(line);
      if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error(`no JSON object: ${line}`);
      const { labels, spec } = parsed.value;
      const times = { creationTime: textOf(parsed.value, "creationTime"), modificationTime: "" };
      const rest = { type: "HostnameGenerator", mesh: "", version: 1, ...times };
      return readHostnameGenerator({
        ...rest,
        name: textOf(parsed.value, "name"),
        labels: labels as Labels,
        spec: spec as JsonObject,
      });
    });
}

describe("recorded statuses of Kuma 2.14.3", () => {
  it.each<RecordedStore>(["a-east", "a-west", "b-east", "b-west"])("%s", (name) => {
    const store = recordedStore(name);
    const generators = recordedGenerators(name);
    expect(generators.length).toBeGreaterThan(6);
    const meshes = new Set(store.map(({ mesh }) => mesh));
    let compared = 0;
    for (const mesh of meshes) {
      const ofKind = (kind: ServiceKind) =>
        store.filter((resource) => resource.type === kind && resource.mesh === mesh);
      const services = new Map(SERVICE_KINDS.map((kind) => [kind, ofKind(kind)]));
      const plan = planHostnames({ services, generators, zone: name.slice(2) });
      for (const [kind, resources] of services) {
        for (const { name: serviceName, status = {} } of resources) {
          const { addresses: _addresses, hostnameGenerators: _generators, ...without } = status;
          const found = plan.get(kind)?.services.get(serviceName);
          expect(found && statusWithHostnames(without, found)).toEqual(status);
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(4);
  });
});

describe("one name for two services", () => {
  const same = generator("same", "{{ .Zone }}.mesh");
  const displayed = generator("displayed", "{{ .DisplayName }}.mesh");

  it("goes to the older one; the other is told who has it", () => {
    const assignment = assign([service("new", {}, at(2)), service("old", {}, at(1))], [same]);
    expect(summary(assignment, "old")).toEqual(["west.mesh < same"]);
    expect(summary(assignment, "new")).toEqual(["same: Collision Hostname collision with MeshService: old"]);
    expect(of(assignment, "new").conflicts).toEqual([
      { hostname: "west.mesh", generator: "same", winner: { kind: "MeshService", name: "old" }, isShadowed: false },
    ]);
    expect(of(assignment, "old").conflicts).toEqual([]);
  });

  it("goes to the first by name among those of one age, and each loser names the winner", () => {
    const assignment = assign(
      ["c", "b", "a"].map((name) => service(name)),
      [same],
    );
    expect(["a", "b", "c"].map((name) => summary(assignment, name))).toEqual([
      ["west.mesh < same"],
      ["same: Collision Hostname collision with MeshService: a"],
      ["same: Collision Hostname collision with MeshService: a"],
    ]);
  });

  it("goes to whom the generator that is first names, even if that service is younger", () => {
    const early = generator("z", "taken.mesh", { "kuma.io/origin": "zone" }, at(9));
    const onlyYoung = { ...early, selectors: new Map([["MeshService" as const, { young: "yes" }]]) };
    const late = generator("a", "taken.mesh", {}, at(0));
    const assignment = assign(
      [service("old", {}, at(0)), service("young", { young: "yes" }, at(5))],
      [late, onlyYoung],
    );
    expect(summary(assignment, "young")).toEqual(["taken.mesh < a", "taken.mesh < z"]);
    expect(summary(assignment, "old")).toEqual(["a: Collision Hostname collision with MeshService: young"]);
  });

  it("from two generators for one service is no conflict", () => {
    const twice = [generator("one", "{{ .Name }}.mesh"), generator("two", "{{ .Name }}.mesh")];
    expect(summary(assign([service("a")], twice), "a")).toEqual(["a.mesh < one", "a.mesh < two"]);
  });

  it("leaves the loser its other names", () => {
    const assignment = assign([service("a"), service("b")], [same, displayed]);
    expect(summary(assignment, "b")).toEqual([
      "b.mesh < displayed",
      "same: Collision Hostname collision with MeshService: a",
    ]);
  });

  it("of two kinds stays with both, and the one that DNS does not answer with is told", () => {
    const all = {
      ...displayed,
      selectors: new Map([
        ["MeshService" as const, {}],
        ["MeshMultiZoneService" as const, {}],
      ]),
    };
    const services = new Map([
      ["MeshService" as const, [service("a"), service("b")]],
      ["MeshMultiZoneService" as const, [service("all", { "kuma.io/display-name": "a" }, at(9))]],
    ]);
    const plan = planHostnames({ services, generators: [all], zone: "west" });
    const [own, multi] = [plan.get("MeshService"), plan.get("MeshMultiZoneService")];
    if (own === undefined || multi === undefined) throw new Error("a kind is missing");
    expect(summary(own, "a")).toEqual([
      "a.mesh < displayed",
      "displayed: Collision MeshMultiZoneService all has the same hostname and answers for it where both are reachable",
    ]);
    expect(of(own, "a").conflicts[0]?.isShadowed).toBe(true);
    expect(summary(own, "b")).toEqual(["b.mesh < displayed"]);
    expect(summary(multi, "all")).toEqual(["a.mesh < displayed"]);
    expect(of(multi, "all").conflicts).toEqual([]);
  });
});

describe("statuses", () => {
  it("are in order of the generator's name, with what failed", () => {
    const generators = [
      generator("z", "{{ .Name }}.z"),
      generator("m", '{{ label "gone" }}.m', { "kuma.io/origin": "zone" }),
      generator("a", "{{ .Name }}.a", {}, at(5)),
      generator("b", "{{"),
    ];
    const found = assign([service("s")], generators).services.get("s");
    expect(found?.addresses).toEqual([
      { hostname: "s.a", origin: "HostnameGenerator", hostnameGeneratorRef: { coreName: "a" } },
      { hostname: "s.z", origin: "HostnameGenerator", hostnameGeneratorRef: { coreName: "z" } },
    ]);
    expect(found?.hostnameGenerators.map(coreName)).toEqual(["a", "b", "m", "z"]);
    expect(found?.hostnameGenerators[0]).toEqual({
      hostnameGeneratorRef: { coreName: "a" },
      conditions: [{ type: "Generated", status: "True", reason: "Generated", message: "" }],
    });
    expect(found?.hostnameGenerators[2]).toMatchObject({
      conditions: [
        {
          type: "Generated",
          status: "False",
          reason: "TemplateError",
          message: expect.stringContaining("label gone not found"),
        },
      ],
    });
  });

  it("of services without names lose the lists", () => {
    const status = { tls: {}, addresses: [{}], hostnameGenerators: [{}] };
    const found = assign([service("s")], []).services.get("s");
    expect(found).toEqual({ addresses: [], hostnameGenerators: [], conflicts: [] });
    if (found !== undefined) expect(statusWithHostnames(status, found)).toEqual({ tls: {} });
  });
});

/** The loop of Kuma: all generators in order, for each all services in order. */
function takenInTurn(services: readonly NamedService[], generators: readonly HostnameGenerator[]): Map<string, string> {
  const taken = new Map<string, string>();
  for (const one of [...generators].sort((a, b) => (a.precedence < b.precedence ? -1 : 1))) {
    for (const named of byCreation(services)) {
      const [found] = renderHostnames("MeshService", named, [one], "west");
      if (found?.hostname.ok && !taken.has(found.hostname.value)) taken.set(found.hostname.value, named.name);
    }
  }
  return taken;
}

describe("all histories", () => {
  const label = fc.constantFrom("x", "y", "backend", "UPPER");
  const services = fc.uniqueArray(
    fc.record({
      mesh: fc.constant("default"),
      name: fc.constantFrom("a", "b", "c", "d", "e", "f"),
      labels: fc.dictionary(fc.constantFrom("app", "kuma.io/display-name", "kuma.io/zone"), label, {
        noNullPrototype: true,
      }),
      creationTime: fc.integer({ min: 0, max: 2 }).map(at),
    }),
    { selector: ({ name }) => name },
  );
  const templates = [
    "{{ .DisplayName }}.mesh",
    '{{ label "app" }}.mesh',
    "{{ .Zone }}.mesh",
    "one.mesh",
    "{{ .Name }}.mesh",
    "{{",
    "",
  ];
  const generators = fc
    .uniqueArray(
      fc.record({
        name: fc.constantFrom("g1", "g2", "g3", "g4"),
        template: fc.constantFrom(...templates),
        origin: fc.constantFrom("zone", "global"),
        creationTime: fc.integer({ min: 0, max: 2 }).map(at),
        wants: fc.constantFrom<Labels>({}, { app: "x" }),
      }),
      { selector: ({ name }) => name },
    )
    .map((list) =>
      list.map(
        ({ name, template, origin, creationTime, wants }): HostnameGenerator => ({
          ...generator(name, template, { "kuma.io/origin": origin }, creationTime),
          selectors: new Map([["MeshService" as const, wants]]),
        }),
      ),
    );

  /** Suspected: maps that keep the order of arrival, and a winner that depends on who was seen last. */
  it("give the same names in any order of arrival, and no name twice", () => {
    fc.assert(
      fc.property(services, generators, (all, rules) => {
        const assignment = assign(all, rules);
        expect(assign(all.toReversed(), rules.toReversed())).toEqual(assignment);
        const taken = new Map<unknown, string>();
        for (const [name, { addresses, hostnameGenerators, conflicts }] of assignment.services) {
          for (const { hostname } of addresses) {
            expect(taken.get(hostname) ?? name).toBe(name);
            taken.set(hostname, name);
          }
          const lost = hostnameGenerators.length - addresses.length;
          expect(conflicts.length).toBeLessThanOrEqual(lost);
          for (const { hostname, winner } of conflicts) {
            expect(winner.name).not.toBe(name);
            const won = of(assignment, winner.name).addresses.map((entry) => entry.hostname);
            expect(won).toContain(hostname);
          }
        }
        expect([...assignment.owners.keys()].every((hostname) => taken.has(hostname))).toBe(true);
        expect(assignment.services.size).toBe(all.length);
      }),
      { numRuns: 300 },
    );
  });

  /** Suspected: settling one name by itself gives another owner than going through all, as Kuma does. */
  it("give the same names when each name is settled by itself", () => {
    fc.assert(
      fc.property(services, generators, (all, rules) => {
        const assignment = assign(all, rules);
        const claimants = all.map((one) => ({
          service: one,
          rendered: renderHostnames("MeshService", one, rules, "west"),
        }));
        expect(assignHostnames({ kind: "MeshService", services: claimants })).toEqual(assignment);
        const owner = (hostname: string) => hostnameOwner("MeshService", hostname, claimants);
        for (const { service: one, rendered } of claimants) {
          const found = hostnamesOf(one.name, rendered, (name) => ({ owner: owner(name), above: undefined }));
          expect(found).toEqual(of(assignment, one.name));
        }
        const inTurn = Array.from(
          takenInTurn(all, rules),
          ([name, one]) => [name, { kind: "MeshService", name: one }] as const,
        );
        expect(assignment.owners).toEqual(new Map(inTurn));
        expect(owner("nobody.mesh")).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it("are not changed by services and generators of no concern", () => {
    fc.assert(
      fc.property(services, generators, (all, rules) => {
        const before = assign(all, rules);
        const other: Resource = {
          type: "HostnameGenerator",
          mesh: "",
          name: "g0",
          labels: {},
          spec: { selector: { meshExternalService: {} }, template: "one.mesh" },
          creationTime: at(0),
          modificationTime: at(0),
          version: 1,
        };
        expect(assign(all, [...rules, readHostnameGenerator(other)])).toEqual(before);
      }),
    );
  });
});
