/**
 * Backends of MeshAccessLogs as Envoy's loggers. Lines for TCP go through a pipe to the runner, which sends them on: each is JSON of
 * the address and the message. Source: kuma v2.14.3: pkg/plugins/policies/meshaccesslog/plugin/xds/configurer.go.
 */
import { envoyFromJson, envoyToJson } from "@isthmus/proto/envoy";
import type { AccessLogFilterJson, AccessLogJson } from "@isthmus/proto/envoy/config/accesslog/v3/accesslog";
import type { SubstitutionFormatStringJson } from "@isthmus/proto/envoy/config/core/v3/substitution_format_string";
import { type AnyValueJson, AnyValueSchema, type KeyValueJson } from "@isthmus/proto/opentelemetry";
import { flagOf, messageOf, objectOf, objectsOf, textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { typed } from "../draft/any.ts";
import { type KumaValues, withKumaValues } from "./kuma-values.ts";

const LOGGERS = "envoy.extensions.access_loggers";
const TCP_FORMAT =
  "[%START_TIME%] %RESPONSE_FLAGS% %KUMA_MESH% %KUMA_SOURCE_ADDRESS_WITHOUT_PORT%(%KUMA_SOURCE_SERVICE%)->" +
  "%UPSTREAM_HOST%(%KUMA_DESTINATION_SERVICE%) took %DURATION%ms, sent %BYTES_SENT% bytes, received: %BYTES_RECEIVED% bytes";
const HTTP_FORMAT =
  '[%START_TIME%] %KUMA_MESH% "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% " +
  '"%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-B3-TRACEID?X-DATADOG-TRACEID)%" "%REQ(X-REQUEST-ID)%" ' +
  '"%REQ(:AUTHORITY)%" "%KUMA_SOURCE_SERVICE%" "%KUMA_DESTINATION_SERVICE%" "%KUMA_SOURCE_ADDRESS_WITHOUT_PORT%" "%UPSTREAM_HOST%"';

export interface LogPlace {
  /** Which format is the default. */
  readonly isHttp: boolean;
  readonly values: KumaValues;
  readonly filter?: AccessLogFilterJson | undefined;
}

export interface LogTargets {
  /** The runner's pipe. */
  readonly pipe: string;
  /** Cluster of an OpenTelemetry backend; undefined: it leads nowhere. */
  clusterOf(openTelemetry: JsonObject): string | undefined;
}

/** `conf`: of a policy, with `backends`. What names nothing that can be logged to is left out. */
export function loggersOf(conf: JsonObject, place: LogPlace, targets: LogTargets): readonly AccessLogJson[] {
  return objectsOf(conf, "backends").flatMap((backend) => {
    const logger = loggerOf(backend, place, targets);
    return logger === undefined ? [] : [place.filter === undefined ? logger : { ...logger, filter: place.filter }];
  });
}

function loggerOf(backend: JsonObject, place: LogPlace, targets: LogTargets): AccessLogJson | undefined {
  switch (textOf(backend, "type")) {
    case "File": {
      const file = objectOf(backend, "file");
      const path = textOf(file, "path");
      return path === "" ? undefined : fileLogger(path, lineFormat(file, place));
    }
    case "Tcp":
      return fileLogger(targets.pipe, tcpFormat(objectOf(backend, "tcp"), place));
    case "OpenTelemetry": {
      const openTelemetry = objectOf(backend, "openTelemetry");
      const cluster = targets.clusterOf(openTelemetry);
      return cluster === undefined ? undefined : otelLogger(openTelemetry, cluster, place);
    }
    default:
      return undefined;
  }
}

function fileLogger(path: string, logFormat: SubstitutionFormatStringJson): AccessLogJson {
  return {
    name: "envoy.access_loggers.file",
    typedConfig: typed(`${LOGGERS}.file.v3.FileAccessLog`, { path, logFormat }),
  };
}

function lineFormat(backend: JsonObject, place: LogPlace): SubstitutionFormatStringJson {
  const fields = jsonFields(backend, place);
  if (fields !== undefined) return { jsonFormat: { ...fields }, ...omission(backend) };
  return { textFormatSource: { inlineString: `${plainText(backend, place)}\n` }, ...omission(backend) };
}

function tcpFormat(backend: JsonObject, place: LogPlace): SubstitutionFormatStringJson {
  const fields = jsonFields(backend, place);
  const message = fields === undefined ? `${plainText(backend, place)}\n` : { ...fields };
  return { jsonFormat: { address: textOf(backend, "address"), message }, ...omission(backend) };
}

/** Undefined: plain text is wanted. */
function jsonFields(backend: JsonObject, { values }: LogPlace): Readonly<Record<string, string>> | undefined {
  const format = objectOf(backend, "format");
  if (textOf(format, "type") !== "Json") return undefined;
  return Object.fromEntries(
    objectsOf(format, "json").map((field) => [textOf(field, "key"), withKumaValues(textOf(field, "value"), values)]),
  );
}

function plainText(backend: JsonObject, { isHttp, values }: LogPlace): string {
  const format = messageOf(backend, "format");
  const written = format === undefined ? undefined : textOf(format, "plain");
  return withKumaValues(written ?? (isHttp ? HTTP_FORMAT : TCP_FORMAT), values);
}

function omission(backend: JsonObject): Pick<SubstitutionFormatStringJson, "omitEmptyValues"> {
  return flagOf(objectOf(backend, "format"), "omitEmptyValues") ? { omitEmptyValues: true } : {};
}

function otelLogger(conf: JsonObject, clusterName: string, place: LogPlace): AccessLogJson {
  const { values } = place;
  const attributes = objectsOf(conf, "attributes").map((attribute): KeyValueJson => {
    const [key, value] = [textOf(attribute, "key"), textOf(attribute, "value")];
    return textAttribute(withKumaValues(key, values), withKumaValues(value, values));
  });
  return {
    name: "envoy.access_loggers.open_telemetry",
    typedConfig: typed(`${LOGGERS}.open_telemetry.v3.OpenTelemetryAccessLogConfig`, {
      logName: "MeshAccessLog",
      grpcService: { envoyGrpc: { clusterName } },
      body: bodyOf(conf.body, place),
      attributes: { values: attributes },
      resourceAttributes: { values: resourceAttributes(values) },
    }),
  };
}

function resourceAttributes({ mesh, zone, workload }: KumaValues): readonly KeyValueJson[] {
  return [
    textAttribute("kuma.mesh", mesh),
    ...(zone === "" ? [] : [textAttribute("kuma.zone", zone)]),
    ...(workload === "" ? [] : [textAttribute("kuma.workload", workload)]),
  ];
}

function textAttribute(key: string, stringValue: string): KeyValueJson {
  return { key, value: { stringValue } };
}

/** A value in OpenTelemetry's form, a text, or any other JSON as its text. */
function bodyOf(body: JsonValue | undefined, place: LogPlace): AnyValueJson {
  const { values } = place;
  if (body === undefined || body === null) return { stringValue: plainText({}, place) };
  if (typeof body === "string") return { stringValue: withKumaValues(body, values) };
  const value = isJsonObject(body) ? envoyFromJson(AnyValueSchema, body) : undefined;
  const written = value?.ok === true ? envoyToJson(AnyValueSchema, value.value) : undefined;
  if (written?.ok === true) return interpolated(written.value, values);
  return { stringValue: withKumaValues(JSON.stringify(body), values) };
}

/** Envoy takes texts and what is made of them: numbers and flags become such. */
function interpolated(value: AnyValueJson, values: KumaValues): AnyValueJson {
  const { arrayValue, kvlistValue } = value;
  if (arrayValue !== undefined) {
    return { arrayValue: { values: (arrayValue.values ?? []).map((each) => interpolated(each, values)) } };
  }
  if (kvlistValue !== undefined) {
    return {
      kvlistValue: {
        values: (kvlistValue.values ?? []).map((each) => ({
          key: withKumaValues(each.key ?? "", values),
          value: interpolated(each.value ?? {}, values),
        })),
      },
    };
  }
  const scalar = value.stringValue ?? value.boolValue ?? value.intValue ?? value.doubleValue ?? value.bytesValue ?? "";
  return { stringValue: withKumaValues(String(scalar), values) };
}
