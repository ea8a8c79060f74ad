/** One change of a MeshProxyPatch, read once. Source: kuma v2.14.3: pkg/plugins/policies/meshproxypatch/api/v1alpha1. */

import { readUserMessage } from "@isthmus/proto/envoy/user-message";
import { messageOf, objectOf, objectsOf, parseYaml11, textOf } from "@isthmus/resources";
import { err, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";

export interface Modification {
  readonly kind: ModifiedKind;
  readonly operation: string;
  readonly match: JsonObject;
  /** As Envoy's message, in one form; `{}` where none is written. */
  readonly value: JsonObject;
  readonly patches: readonly JsonObject[];
  /** For people: which policy, which of its modifications. */
  readonly title: string;
}

export type ModifiedKind = keyof typeof MESSAGES;

/** Of Envoy. */
export const MESSAGES = {
  cluster: "envoy.config.cluster.v3.Cluster",
  listener: "envoy.config.listener.v3.Listener",
  networkFilter: "envoy.config.listener.v3.Filter",
  httpFilter: "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
  virtualHost: "envoy.config.route.v3.VirtualHost",
} as const;

const KINDS = Object.keys(MESSAGES) as readonly ModifiedKind[];

/** `source`: an item of `appendModifications`. The error begins with the title. */
export function readModification(source: JsonObject, title: string): Result<Modification, string> {
  const kind = KINDS.find((each) => messageOf(source, each) !== undefined);
  if (kind === undefined) return err(`${title}: there is nothing to be modified`);
  const modification = objectOf(source, kind);
  const operation = textOf(modification, "operation");
  const value = valueOf(textOf(modification, "value"), kind);
  if (!value.ok) return err(`${title}: ${value.error}`);
  const match = objectOf(modification, "match");
  const patches = objectsOf(modification, "jsonPatches");
  return ok({ kind, operation, match, value: value.value, patches, title });
}

function valueOf(text: string, kind: ModifiedKind): Result<JsonObject, string> {
  if (text === "") return ok({});
  const json: Result<JsonValue, string> = parseYaml11(text);
  return json.ok ? readUserMessage(MESSAGES[kind], json.value ?? {}) : json;
}
