/**
 * What the items of a policy say, as configurations that can be merged. In most types an item is `{targetRef, default}` and
 * its `default` is the configuration; routes keep a list of rules beside the targetRef.
 * Source: kuma v2.14.3: the `GetDefault` of each type, pkg/plugins/policies/core/rules/merge/merge.go.
 */
import { objectOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { mergeConfs } from "./merge-confs.ts";
import { httpRouteConf, mergeHttpRouteConfs } from "./routes/http-route-conf.ts";
import { tcpRouteConf } from "./routes/tcp-route-conf.ts";

export interface ConfShape {
  readonly confOf: (item: JsonObject) => JsonObject;
  /** Ascending order of precedence. Routes of gateways give one configuration for each host name, all others give one. */
  readonly merge: (confs: readonly JsonObject[]) => readonly JsonObject[];
}

const plain: ConfShape = {
  confOf: (item) => objectOf(item, "default"),
  merge: (confs) => (confs.length === 0 ? [] : [mergeConfs(confs)]),
};

const shapes: ReadonlyMap<string, ConfShape> = new Map<string, ConfShape>([
  ["MeshHTTPRoute", { confOf: httpRouteConf, merge: mergeHttpRouteConfs }],
  ["MeshTCPRoute", { ...plain, confOf: tcpRouteConf }],
]);

export function confShapeOf(type: string): ConfShape {
  return shapes.get(type) ?? plain;
}
