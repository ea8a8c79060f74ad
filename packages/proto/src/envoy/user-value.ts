/**
 * What users write as parts of Envoy's configuration, checked as Kuma does. Our descriptions are older than Kuma's: fields
 * and names of enum values that they lack are let pass, and so are types of Envoy's own packages.
 */
import type { DescMessage } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import type { JsonValue } from "@isthmus/std";
import { messageFromJson } from "../json/from-json.ts";
import { messageNameOf } from "../type-url.ts";
import { allEnvoyTypes } from "./all.ts";

/** Packages whose types we may not all know. */
const GROWING_PACKAGES = /^(?:envoy|udpa|xds|opencensus|opentelemetry)\./;

/** Why `json` is no message of that type, in Go's words; undefined when it is one. `messageName` has to be known. */
export function envoyValueError(messageName: string, json: JsonValue): string | undefined {
  const schema = allEnvoyTypes().getMessage(messageName);
  if (schema === undefined) throw new Error(`no message ${messageName}`);
  const read = messageFromJson(schema, json, { anyType, allowsUnknownEnumNames: true });
  return read.ok ? undefined : read.error;
}

function anyType(typeUrl: string): DescMessage | undefined {
  const name = messageNameOf(typeUrl);
  return allEnvoyTypes().getMessage(name) ?? (GROWING_PACKAGES.test(name) ? EmptySchema : undefined);
}
