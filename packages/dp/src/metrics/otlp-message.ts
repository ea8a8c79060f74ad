/**
 * Metrics as OpenTelemetry has them: the request of `MetricsService.Export`, written by hand because it takes a dozen fields of its messages.
 * Source: opentelemetry-proto v1.3: collector/metrics/v1/metrics_service.proto, metrics/v1/metrics.proto;
 * kuma v2.14.3: app/kuma-dp/pkg/dataplane/metrics/metrics_format_mapper.go.
 */
import { Buffer } from "node:buffer";
import type { MetricFamily, MetricSample } from "./prometheus-text.ts";

export const EXPORT_PATH = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

const SCOPE = "kuma";
const CUMULATIVE = 2;
const NANOS_PER_MS = 1_000_000n;
const WIRE = { varint: 0, fixed64: 1, bytes: 2 } as const;

export interface OtlpContext {
  /** Milliseconds since 1970, of samples that say nothing else. */
  readonly nowMs: number;
  readonly version: string;
  /** That every sample gets, in place of its own of these names. */
  readonly attributes: ReadonlyMap<string, string>;
}

export function exportRequest(families: readonly MetricFamily[], context: OtlpContext): Buffer {
  const scope = bytes(1, Buffer.concat([text(1, SCOPE), text(2, context.version)]));
  const metrics = families.flatMap((family) => metricsOf(family, context)).map((metric) => bytes(2, metric));
  return bytes(1, bytes(2, Buffer.concat([scope, ...metrics])));
}

/** A summary has no form of its own that everybody takes: its quantiles are one metric, its sum and count two more. */
function metricsOf({ name, help = "", type, samples }: MetricFamily, context: OtlpContext): readonly Buffer[] {
  const metric = (of: string, field: number, data: Buffer): Buffer =>
    Buffer.concat([text(1, of), text(2, help), bytes(field, data)]);
  const sum = (of: string, some: readonly MetricSample[]): Buffer =>
    metric(of, 7, Buffer.concat([points(some, context), varint(2, CUMULATIVE), varint(3, 1)]));
  if (type === "counter") return [sum(name, samples)];
  if (type === "histogram") {
    const data = histograms(name, samples, context).map((point) => bytes(1, point));
    return [metric(name, 9, Buffer.concat([...data, varint(2, CUMULATIVE)]))];
  }
  if (type !== "summary") return [metric(name, 5, points(samples, context))];
  const named = (of: string): readonly MetricSample[] => samples.filter((sample) => sample.name === of);
  return [
    metric(name, 5, points(named(name), context)),
    sum(`${name}_count`, named(`${name}_count`)),
    sum(`${name}_sum`, named(`${name}_sum`)),
  ];
}

function points(samples: readonly MetricSample[], context: OtlpContext): Buffer {
  return Buffer.concat(
    samples.map((sample) => {
      const { value, timeMs } = measured(sample, context);
      return bytes(1, Buffer.concat([time(3, timeMs), double(4, value), attributes(7, sample.labels, context)]));
    }),
  );
}

/** The samples of each set of labels but the bound are one point; counts there are of each bucket alone. */
function histograms(name: string, samples: readonly MetricSample[], context: OtlpContext): readonly Buffer[] {
  const groups = new Map<string, { labels: ReadonlyMap<string, string>; samples: MetricSample[] }>();
  for (const sample of samples) {
    const labels = new Map([...sample.labels].filter(([label]) => label !== "le"));
    const key = JSON.stringify([...labels]);
    const group = groups.get(key) ?? { labels, samples: [] };
    group.samples.push(sample);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => {
    const one = (suffix: string): number => {
      const sample = group.samples.find((each) => each.name === `${name}${suffix}`);
      return sample === undefined ? 0 : measured(sample, context).value;
    };
    const buckets = group.samples
      .filter((sample) => sample.name === `${name}_bucket`)
      .map((sample) => ({ bound: numberIn(sample.labels.get("le") ?? ""), ...measured(sample, context) }))
      .sort((a, b) => a.bound - b.bound);
    const counts = buckets.map(({ value }, i) => value - (buckets[i - 1]?.value ?? 0));
    const bounds = buckets.map(({ bound }) => bound).filter((bound) => Number.isFinite(bound));
    const [first] = group.samples;
    return Buffer.concat([
      time(3, first === undefined ? context.nowMs : measured(first, context).timeMs),
      fixed64(4, BigInt(Math.max(0, Math.trunc(one("_count"))))),
      double(5, one("_sum")),
      bytes(6, Buffer.concat(counts.map((count) => integerBytes(BigInt(Math.max(0, Math.trunc(count))))))),
      bytes(7, Buffer.concat(bounds.map(doubleBytes))),
      attributes(9, group.labels, context),
    ]);
  });
}

function measured(
  { value }: MetricSample,
  { nowMs }: OtlpContext,
): { readonly value: number; readonly timeMs: number } {
  const [number = "", time] = value.split(/\s+/);
  const timeMs = Number(time);
  return { value: numberIn(number), timeMs: time !== undefined && Number.isFinite(timeMs) ? timeMs : nowMs };
}

function numberIn(written: string): number {
  const infinite = /^(?<sign>[-+]?)Inf$/i.exec(written)?.groups;
  return infinite === undefined ? Number(written) : infinite["sign"] === "-" ? -Infinity : Infinity;
}

function attributes(field: number, labels: ReadonlyMap<string, string>, context: OtlpContext): Buffer {
  const own = [...labels].map(([name, value]) => [name, unescaped(value)] as const);
  const all = new Map([...own, ...context.attributes]);
  return Buffer.concat(
    [...all].map(([name, value]) => bytes(field, Buffer.concat([text(1, name), bytes(2, text(1, value))]))),
  );
}

const unescaped = (value: string): string =>
  value.replaceAll(/\\(.)/g, (_whole, character: string) => (character === "n" ? "\n" : character));

function tag(field: number, wire: number): Buffer {
  return varintBytes((field << 3) | wire);
}

function varintBytes(value: number): Buffer {
  const all: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) all.push((rest % 0x80) | 0x80);
  all.push(rest);
  return Buffer.from(all);
}

function bytes(field: number, content: Buffer): Buffer {
  return Buffer.concat([tag(field, WIRE.bytes), varintBytes(content.byteLength), content]);
}

const text = (field: number, content: string): Buffer => bytes(field, Buffer.from(content));
const varint = (field: number, value: number): Buffer => Buffer.concat([tag(field, WIRE.varint), varintBytes(value)]);
const fixed64 = (field: number, value: bigint): Buffer =>
  Buffer.concat([tag(field, WIRE.fixed64), integerBytes(value)]);
const double = (field: number, value: number): Buffer => Buffer.concat([tag(field, WIRE.fixed64), doubleBytes(value)]);
const time = (field: number, ms: number): Buffer => fixed64(field, BigInt(Math.trunc(ms)) * NANOS_PER_MS);

function integerBytes(value: bigint): Buffer {
  const written = Buffer.alloc(8);
  written.writeBigUInt64LE(value);
  return written;
}

function doubleBytes(value: number): Buffer {
  const written = Buffer.alloc(8);
  written.writeDoubleLE(value);
  return written;
}
