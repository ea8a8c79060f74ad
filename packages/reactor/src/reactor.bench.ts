/**
 * One change against computing everything again, and full builds: 1,000 services, 10,000 endpoints, and a map of
 * 10,000 entries over 10,000. Run: npx vitest bench packages/reactor
 */
import { bench, describe } from "vitest";
import type { DerivationGraph } from "./collection.ts";
import { Reactor } from "./reactor.ts";
import { ReferenceGraph } from "./reference-graph.ts";

const SERVICES = 1_000;
const ENDPOINTS = 10_000;
const DERIVATIONS = 100_000;
const WHOLE = { iterations: 10, time: 0, warmupIterations: 2, warmupTime: 0 };

const reactor = (): DerivationGraph => new Reactor({ schedule: () => {} });
const reference = (): DerivationGraph => new ReferenceGraph({ schedule: () => {}, onError: () => {} });
const keys = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const [services, endpoints, many] = [
  keys("service-", SERVICES),
  keys("endpoint-", ENDPOINTS),
  keys("key-", DERIVATIONS),
];

interface Endpoint {
  readonly service: string;
  readonly address: string;
  readonly isReady: boolean;
}

const endpoint = (i: number, isReady: boolean): Endpoint => ({
  service: services[i % SERVICES] ?? "",
  address: `10.0.${i >> 8}.${i & 255}`,
  isReady,
});

/** Endpoints -> ready ones -> per service its set. Returns what makes one endpoint change. */
function endpointSets(graph: DerivationGraph): (isReady: boolean) => void {
  const service = graph.source<{ readonly name: string }>("services");
  const source = graph.source<Endpoint>("endpoints");
  const ready = graph.map("ready", source, (one) => (one.isReady ? one : undefined));
  const byService = graph.index("byService", ready, (one) => [one.service]);
  graph.map("sets", service, ({ name }, _, read) => read.lookup(byService, name).map(({ address }) => address));
  for (const name of services) service.set(name, { name });
  for (const [i, key] of endpoints.entries()) source.set(key, endpoint(i, true));
  graph.flush();
  return (isReady) => {
    source.set("endpoint-4711", endpoint(4_711, isReady));
    graph.flush();
  };
}

for (const { name, create } of [
  { name: "reactor", create: reactor },
  { name: "recompute everything", create: reference },
]) {
  describe(`${SERVICES} services, ${ENDPOINTS} endpoints: ${name}`, () => {
    const change = endpointSets(create());
    let isReady = true;
    bench(
      "one endpoint changes",
      () => {
        isReady = !isReady;
        change(isReady);
      },
      create === reactor ? {} : WHOLE,
    );
    bench("full build", () => void endpointSets(create()), WHOLE);
  });

  describe(`a map of ${ENDPOINTS} entries that each read one of ${ENDPOINTS}: ${name}`, () => {
    const graph = create();
    const left = graph.source<number>("left");
    const right = graph.source<number>("right");
    graph.map("sum", left, (n, key, read) => n + (read.get(right, key) ?? 0));
    for (const key of endpoints) {
      left.set(key, 1);
      right.set(key, 1);
    }
    graph.flush();
    let n = 0;
    bench(
      "one of those read changes",
      () => {
        n += 1;
        right.set("endpoint-4711", n);
        graph.flush();
      },
      create === reactor ? {} : WHOLE,
    );
  });
}

describe(`${DERIVATIONS} derivations`, () => {
  const build = (readCount: number): void => {
    const graph = reactor();
    const source = graph.source<number>("source");
    const other = graph.source<number>("other");
    graph.map("map", source, (n, _, read) => {
      let sum = n;
      for (let i = 0; i < readCount; i += 1) sum += read.get(other, services[(n + i) % SERVICES] ?? "") ?? 0;
      return sum;
    });
    for (const [i, key] of services.entries()) other.set(key, i);
    for (const [i, key] of many.entries()) source.set(key, i);
    graph.flush();
  };
  for (const readCount of [0, 1, 10]) bench(`full build, ${readCount} reads each`, () => build(readCount), WHOLE);
});
