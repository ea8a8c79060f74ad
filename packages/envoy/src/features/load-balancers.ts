/** Which of its endpoints a cluster takes next. */
import type { ClusterJson } from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import { objectOf, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { percentOf, uintOf } from "../build/numbers.ts";

type Balancer = Pick<ClusterJson, "lbPolicy" | "leastRequestLbConfig" | "ringHashLbConfig" | "maglevLbConfig">;

export interface LoadBalancer {
  readonly cluster: Balancer;
  /** What Envoy would refuse, and so is left out. */
  readonly problem?: string;
}

/** Of Envoy. */
const MIN_RING_SIZE = 1024;

/** `conf`: of a MeshLoadBalancingStrategy. */
export function loadBalancer(conf: JsonObject): LoadBalancer {
  const balancer = objectOf(conf, "loadBalancer");
  switch (textOf(balancer, "type")) {
    case "RoundRobin":
      return { cluster: { lbPolicy: "ROUND_ROBIN" } };
    case "Random":
      return { cluster: { lbPolicy: "RANDOM" } };
    case "LeastRequest":
      return { cluster: { lbPolicy: "LEAST_REQUEST", ...leastRequest(objectOf(balancer, "leastRequest")) } };
    case "RingHash":
      return ringHash(objectOf(balancer, "ringHash"));
    case "Maglev":
      return maglev(objectOf(balancer, "maglev"));
    default:
      return { cluster: {} };
  }
}

function leastRequest(conf: JsonObject): Balancer {
  const choiceCount = uintOf(conf, "choiceCount");
  const bias = percentOf(conf, "activeRequestBias");
  if (choiceCount === undefined && bias === undefined) return {};
  return {
    leastRequestLbConfig: {
      ...(choiceCount === undefined ? {} : { choiceCount }),
      ...(bias === undefined ? {} : { activeRequestBias: { defaultValue: bias } }),
    },
  };
}

function ringHash(conf: JsonObject): LoadBalancer {
  const min = uintOf(conf, "minRingSize");
  const max = uintOf(conf, "maxRingSize");
  const hash = textOf(conf, "hashFunction");
  const hashFunction =
    hash === "" ? {} : ({ hashFunction: hash === "MurmurHash2" ? "MURMUR_HASH_2" : "XX_HASH" } as const);
  const isImpossible = min !== undefined && max !== undefined && min > max;
  // A ring that may be no larger than the least size is of that size.
  const least = min ?? (max !== undefined && max < MIN_RING_SIZE ? max : undefined);
  const sizes = isImpossible
    ? {}
    : {
        ...(least === undefined ? {} : { minimumRingSize: String(least) }),
        ...(max === undefined ? {} : { maximumRingSize: String(max) }),
      };
  const config = { ...hashFunction, ...sizes };
  return {
    cluster: { lbPolicy: "RING_HASH", ...(Object.keys(config).length === 0 ? {} : { ringHashLbConfig: config }) },
    ...(isImpossible ? { problem: `minRingSize ${min} is more than maxRingSize ${max}: both are left out` } : {}),
  };
}

function maglev(conf: JsonObject): LoadBalancer {
  const size = uintOf(conf, "tableSize");
  if (size === undefined) return { cluster: { lbPolicy: "MAGLEV" } };
  if (!isPrime(size))
    return { cluster: { lbPolicy: "MAGLEV" }, problem: `tableSize ${size} is no prime: it is left out` };
  return { cluster: { lbPolicy: "MAGLEV", maglevLbConfig: { tableSize: String(size) } } };
}

/** By trial: the sizes are below six millions. */
function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}
