/**
 * Parts of Envoy's configuration that users write, read as messages and merged into others, as far as our descriptions know them.
 * Merging is protobuf's: lists grow, entries of maps and members of oneofs are replaced, messages merge; but durations are
 * replaced. Source: kuma v2.14.3: pkg/util/proto/google_proto.go.
 */
import { type DescMessage, fromJson, type JsonValue as ProtobufJson, toJson } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { err, errorMessage, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";
import { allEnvoyTypes } from "./all.ts";

const DURATION = "google.protobuf.Duration";

/** In one form for equal content. The error says which member the message does not have, or what is wrong with its value. */
export function readUserMessage(messageName: string, json: JsonValue): Result<JsonObject, string> {
  return guarded(messageName, (schema) => printed(read(schema, json)));
}

/** `base`: of the same message. */
export function mergeUserMessage(messageName: string, base: JsonValue, patch: JsonValue): Result<JsonObject, string> {
  return guarded(messageName, (schema) => {
    const merged = read(schema, base);
    merge(merged, read(schema, patch));
    return printed(merged);
  });
}

function guarded(messageName: string, make: (schema: DescMessage) => JsonObject): Result<JsonObject, string> {
  const schema = allEnvoyTypes().getMessage(messageName);
  if (schema === undefined) return err(`unknown type ${messageName}`);
  try {
    return ok(make(schema));
  } catch (error) {
    return err(errorMessage(error));
  }
}

function read(schema: DescMessage, json: JsonValue): ReflectMessage {
  return reflect(schema, fromJson(schema, json as ProtobufJson, { registry: allEnvoyTypes() }), false);
}

function printed({ desc, message }: ReflectMessage): JsonObject {
  return toJson(desc, message, { registry: allEnvoyTypes() }) as JsonObject;
}

function merge(base: ReflectMessage, patch: ReflectMessage): void {
  for (const field of patch.fields) {
    if (!patch.isSet(field)) continue;
    switch (field.fieldKind) {
      case "list": {
        const list = base.get(field);
        for (const item of patch.get(field)) list.add(item);
        break;
      }
      case "map": {
        const map = base.get(field);
        for (const [key, value] of patch.get(field)) map.set(key, value);
        break;
      }
      case "message": {
        const value = patch.get(field);
        if (!base.isSet(field) || field.message.typeName === DURATION) {
          base.set(field, value);
          break;
        }
        const inner = base.get(field);
        merge(inner, value);
        base.set(field, inner);
        break;
      }
      default:
        base.set(field, patch.get(field));
    }
  }
}
