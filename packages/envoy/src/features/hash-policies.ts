/** What of a request decides on its endpoint, where that depends on the request. */
import type { RouteAction_HashPolicyJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import { flagOf, objectOf, objectsOf, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { durationOf } from "../build/durations.ts";

/** Those of the load balancer count where there are none beside it. `conf`: of a MeshLoadBalancingStrategy. */
export function hashPolicies(conf: JsonObject): readonly RouteAction_HashPolicyJson[] {
  const balancer = objectOf(conf, "loadBalancer");
  const member = { RingHash: "ringHash", Maglev: "maglev" }[textOf(balancer, "type")];
  const holder = "hashPolicies" in conf || member === undefined ? conf : objectOf(balancer, member);
  return objectsOf(holder, "hashPolicies").flatMap((policy) => {
    const specifier = specifierOf(policy);
    return specifier === undefined ? [] : [{ ...specifier, ...(flagOf(policy, "terminal") ? { terminal: true } : {}) }];
  });
}

/** Undefined: it says nothing that Envoy would take. */
function specifierOf(policy: JsonObject): RouteAction_HashPolicyJson | undefined {
  const named = (member: string, key: string): string => textOf(objectOf(policy, member), key);
  switch (textOf(policy, "type")) {
    case "Header": {
      const headerName = named("header", "name");
      return headerName === "" ? undefined : { header: { headerName } };
    }
    case "Cookie":
      return cookieOf(objectOf(policy, "cookie"));
    case "Connection":
      return { connectionProperties: { sourceIp: flagOf(objectOf(policy, "connection"), "sourceIP") } };
    case "SourceIP":
      return { connectionProperties: { sourceIp: true } };
    case "QueryParameter": {
      const name = named("queryParameter", "name");
      return name === "" ? undefined : { queryParameter: { name } };
    }
    case "FilterState": {
      const key = named("filterState", "key");
      return key === "" ? undefined : { filterState: { key } };
    }
    default:
      return undefined;
  }
}

/** With a time to live Envoy makes the cookie when there is none. */
function cookieOf(cookie: JsonObject): RouteAction_HashPolicyJson | undefined {
  const name = textOf(cookie, "name");
  const path = textOf(cookie, "path");
  const ttl = durationOf(cookie, "ttl");
  if (name === "") return undefined;
  return { cookie: { name, ...(ttl === undefined ? {} : { ttl }), ...(path === "" ? {} : { path }) } };
}
