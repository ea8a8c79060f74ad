/** Churn of keys: after thousands of generations the heap holds what the present one needs. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { Reactor } from "./reactor.ts";

const KEYS_PER_GENERATION = 600;
const WARM_UP = 10;
const GENERATIONS = 30;
/** A Map entry forgotten per key would be more than twice as much; without, it is some ten kilobytes. */
const ALLOWED_GROWTH_BYTES = 150_000;

it("the heap does not grow with the number of keys that ever were", () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const reactor = new Reactor({ schedule: () => {}, onError: () => {} });
  const churn = everyKind(reactor);
  let settledBytes = 0;
  for (let generation = 0; generation < GENERATIONS; generation += 1) {
    churn(generation);
    if (generation === WARM_UP) settledBytes = heapBytes();
  }
  expect(heapBytes() - settledBytes).toBeLessThan(ALLOWED_GROWTH_BYTES);

  function heapBytes(): number {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  }
});

/** Replaces all keys, in collections of every kind that are read in every way, with failures and contested keys. */
function everyKind(reactor: Reactor): (generation: number) => void {
  const source = reactor.source<number>("source");
  const byValue = reactor.index("byValue", source, (n) => [`${n}`, `${n >> 1}`]);
  const map = reactor.map("map", source, (n, key, read) => {
    if (n % 10 === 0) throw new Error("a failure");
    return read.lookup(byValue, `${n >> 1}`).length + (read.get(source, `${key} absent`) ?? 0);
  });
  const flatMap = reactor.flatMap("flatMap", byValue, (list, key) =>
    list.map((n) => [`${n % 700} ${key}`, n] as const),
  );
  const contested = reactor.flatMap("contested", source, (n, key) => [
    [key, n],
    [`${n >> 2}`, n],
  ]);
  const merge = reactor.merge("merge", [map, flatMap, contested]);
  const size = reactor.singleton("size", (read) => read.all(merge).length);
  for (const one of [source, byValue, map, flatMap, contested, merge, size]) one.subscribe(() => {});
  return (generation) => {
    const first = generation * KEYS_PER_GENERATION;
    source.replace(Array.from({ length: KEYS_PER_GENERATION }, (_, i) => [`key${first + i}`, first + i] as const));
    reactor.flush();
    if (generation % 7 === 0) merge.values();
  };
}
