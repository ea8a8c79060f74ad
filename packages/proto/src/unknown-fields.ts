/**
 * Fields that a newer peer knows and we do not. protobuf-es keeps them beside the known ones, but JSON cannot carry them:
 * whoever stores a spec as JSON must keep the original bytes too when there are any.
 */
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

/** Looks at the message and everything inside of it. */
export function hasUnknownFields<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): boolean {
  return hasUnknown(reflect(schema, message, false));
}

function hasUnknown(message: ReflectMessage): boolean {
  if ((message.getUnknown()?.length ?? 0) > 0) return true;
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    if (field.fieldKind === "message") {
      if (hasUnknown(message.get(field))) return true;
    } else if (field.fieldKind === "list" && field.listKind === "message") {
      for (const item of message.get(field)) if (hasUnknown(item as ReflectMessage)) return true;
    } else if (field.fieldKind === "map" && field.mapKind === "message") {
      for (const value of message.get(field).values()) if (hasUnknown(value as ReflectMessage)) return true;
    }
  }
  return false;
}
