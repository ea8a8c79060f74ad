import { builtinTypes, definePolicy, Registry } from "@isthmus/resources";
import { expect, it } from "vitest";
import { policyKinds } from "./policy-kind.ts";

it("has every policy with a targetRef in the order in which they are applied, those unknown to it last", () => {
  const made = ["Zebra", "Aardvark"].map((name) => definePolicy({ name, shortName: name, to: true }));
  const kinds = policyKinds(new Registry([...made, ...builtinTypes]));
  const names = kinds.map(({ name }) => name);
  expect(names.slice(0, 3)).toEqual(["MeshHTTPRoute", "MeshTCPRoute", "MeshTLS"]);
  expect(names.slice(-4)).toEqual(["MeshMetric", "MeshProxyPatch", "Aardvark", "Zebra"]);
  expect(names).toHaveLength(18);
  expect(kinds.filter(({ isForProxy }) => isForProxy).map(({ name }) => name)).toEqual([
    "MeshPassthrough",
    "MeshTrace",
    "MeshMetric",
    "MeshProxyPatch",
  ]);
  expect(kinds.filter(({ isFromAsRules }) => isFromAsRules).map(({ name }) => name)).toEqual([
    "MeshTLS",
    "MeshAccessLog",
    "MeshRateLimit",
    "MeshTimeout",
    "MeshCircuitBreaker",
  ]);
});
