import { fromBinary } from "@bufbuild/protobuf";
import { AnySchema, DurationSchema } from "@bufbuild/protobuf/wkt";
import type { JsonValue } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { messageFromJson } from "../json/from-json.ts";
import { envoyValueError } from "./user-value.ts";

const CLUSTER = "envoy.config.cluster.v3.Cluster";
const typed = (type: string, members: Record<string, JsonValue> = {}): JsonValue => ({
  typedExtensionProtocolOptions: { a: { "@type": `type.googleapis.com/${type}`, ...members } },
});
const OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

describe("a value of Envoy's", () => {
  it.each<[title: string, json: JsonValue, error: string | undefined]>([
    ["nothing", null, undefined],
    ["no object", [], "json: cannot unmarshal array into Go value of type map[string]json.RawMessage"],
    ["both spellings", { connectTimeout: "5s", connect_timeout: "1m" }, undefined],
    ["a wrong kind", { connectTimeout: 5 }, "json: cannot unmarshal number into Go value of type string"],
    ["a field that is newer than our descriptions", { aFieldOfTomorrow: 1 }, undefined],
    ["an enum value that is newer", { type: "TOMORROW" }, undefined],
    [
      "an enum value of a wrong kind",
      { type: true },
      "json: cannot unmarshal bool into Go value of type protoreflect.EnumNumber",
    ],
    ["a type within", typed(OPTIONS, { explicitHttpConfig: {} }), undefined],
    [
      "a wrong kind in a type within",
      typed(OPTIONS, { explicitHttpConfig: 1 }),
      `can't unmarshal Any nested proto type.googleapis.com/${OPTIONS}: json: cannot unmarshal number into Go value of type map[string]json.RawMessage`,
    ],
    [
      "a type of Envoy's that is newer",
      typed("envoy.extensions.filters.http.tomorrow.v3.Tomorrow", { a: 1 }),
      undefined,
    ],
    ["no type at all", typed("no.such.Type"), "could not resolve Any message type: type.googleapis.com/no.such.Type"],
    ["an Any without type", { typedExtensionProtocolOptions: { a: {} } }, "Any JSON doesn't have '@type'"],
    ["a well-known type", typed("google.protobuf.Duration", { value: "1s" }), undefined],
    ["a well-known type without value", typed("google.protobuf.Duration"), "Any JSON doesn't have 'value'"],
  ])("%s", (_title, json, error) => {
    expect(envoyValueError(CLUSTER, json)).toBe(error);
  });
});

describe("an Any from JSON", () => {
  const anyType = (url: string) =>
    url === "type.googleapis.com/google.protobuf.Duration" ? DurationSchema : undefined;

  it("holds the bytes of its message", () => {
    const json = { "@type": "type.googleapis.com/google.protobuf.Duration", value: "61s" };
    const any = messageFromJson(AnySchema, json, { anyType });
    expect(any.ok && fromBinary(DurationSchema, any.value.value).seconds).toBe(61n);
  });

  it("is refused where nobody knows the types", () => {
    expect(messageFromJson(AnySchema, { "@type": "x" })).toMatchObject({ ok: false });
  });
});
