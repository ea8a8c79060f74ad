/**
 * Parts of Envoy's configuration that users write as YAML or JSON: whether they can be read at all, whether every member has
 * the kind of value that Envoy's description asks for, and whether what is added has its names.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/validators.go (ValidateResourceYAML), pkg/util/envoy/raw.go.
 */
import { envoyValueError } from "@isthmus/proto/envoy/user-value";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import type { Violations } from "../violation.ts";
import { parseYaml11 } from "../yaml-documents.ts";
import { listAt, textAt } from "./json-access.ts";

export interface EnvoyPart {
  /** Full name of Envoy's message. */
  readonly message: string;
  /** What Envoy wants to be there, in order: texts that are not empty, and lists with items. */
  readonly needs: readonly (readonly [member: string, kind: "text" | "list"])[];
}

const NAME = ["name", "text"] as const;

/** By the name that modifications have for them. */
export const ENVOY_PARTS: Readonly<Record<string, EnvoyPart>> = {
  cluster: { message: "envoy.config.cluster.v3.Cluster", needs: [NAME] },
  listener: { message: "envoy.config.listener.v3.Listener", needs: [] },
  virtualHost: { message: "envoy.config.route.v3.VirtualHost", needs: [NAME, ["domains", "list"]] },
  networkFilter: { message: "envoy.config.listener.v3.Filter", needs: [NAME] },
  httpFilter: {
    message: "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
    needs: [NAME],
  },
};

/** Any resource of Envoy's, which says itself what it is. */
const ANY: EnvoyPart = { message: "google.protobuf.Any", needs: [] };

/** Characters of Envoy values that are looked at in one policy; nobody writes more by hand, and reading takes time. */
const VALUES_MAX_LENGTH = 100_000;

/** Checks the values of one resource until their budget is used up. */
export class EnvoyValueReader {
  readonly #mayBeUnreadable: boolean;
  #left = VALUES_MAX_LENGTH;

  /** `mayBeUnreadable`: what our reader of YAML refuses is let pass, as that of Kuma takes some things that are no YAML. */
  constructor(mayBeUnreadable = false) {
    this.#mayBeUnreadable = mayBeUnreadable;
  }

  /** `isComplete`: it is a whole part, not one to be merged into another. Without a part the value has to name its type. */
  check(value: string, part: EnvoyPart | undefined, isComplete: boolean, path: string, found: Violations): void {
    this.#left -= value.length;
    if (this.#left < 0) return;
    const error = this.#error(value, part, isComplete);
    if (error !== undefined) found.add(path, `native Envoy resource is not valid: ${error}`);
  }

  /** Undefined when the text is such a part, or when there is no telling. */
  #error(text: string, part: EnvoyPart | undefined, isComplete: boolean): string | undefined {
    const json = parseYaml11(text);
    if (!json.ok) return this.#mayBeUnreadable ? undefined : json.error;
    if (part === undefined && json.value === null) return "proto: invalid empty type URL";
    const error = envoyValueError((part ?? ANY).message, json.value);
    return error ?? (isComplete ? missing(json.value, part ?? partOf(json.value)) : undefined);
  }
}

/** A modification of such a part that is being checked. */
export interface EnvoyModification {
  readonly value: JsonObject;
  readonly part: EnvoyPart;
  /** Of the member that holds the modification. */
  readonly path: string;
  readonly reader: EnvoyValueReader;
  readonly found: Violations;
}

function partOf(json: JsonValue): EnvoyPart {
  const typeUrl = isJsonObject(json) ? textAt(json, "@type") : "";
  const name = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
  return Object.values(ENVOY_PARTS).find(({ message }) => message === name) ?? ANY;
}

/** In the words of the rules that Envoy's descriptions carry, of which these are the ones that matter most. */
function missing(json: JsonValue, { message, needs }: EnvoyPart): string | undefined {
  const object: JsonObject = isJsonObject(json) ? json : {};
  const type = message.slice(message.lastIndexOf(".") + 1);
  for (const [member, kind] of needs) {
    const isThere = kind === "text" ? textAt(object, member) !== "" : (listAt(object, member)?.length ?? 0) > 0;
    const rule = kind === "text" ? "value length must be at least 1 runes" : "value must contain at least 1 item(s)";
    if (!isThere) return `invalid ${type}.${member[0]?.toUpperCase() ?? ""}${member.slice(1)}: ${rule}`;
  }
  return undefined;
}
