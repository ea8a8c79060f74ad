import { Buffer } from "node:buffer";
import { createServer, type Http2Server } from "node:http2";
import { join } from "node:path";
import { systemClock } from "@isthmus/std";
import { eventually, tempFolder } from "@isthmus/testkit";
import { describe, expect, it } from "vitest";
import { callGrpc } from "./grpc-call.ts";
import { metricsFromDocument } from "./metrics-config.ts";
import { OtlpExports } from "./otlp-exports.ts";
import { EXPORT_PATH, exportRequest } from "./otlp-message.ts";
import { parseMetrics } from "./prometheus-text.ts";

const TEXT = `
# HELP requests How many
# TYPE requests counter
requests{path="a\\"b"} 3 1700000000000
# TYPE seconds histogram
seconds_bucket{le="0.5"} 1
seconds_bucket{le="+Inf"} 3
seconds_sum 0.75
seconds_count 3
# TYPE latency summary
latency{quantile="0.9"} 5
latency_sum 6
latency_count 2
up 1
`;

/** Any message of protobuf: numbers of fields with what they hold; what begins like a message is read as one. */
type Field = readonly [number, bigint | Buffer];
function fieldsOf(message: Buffer): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message.readUInt8(at++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.byteLength) {
    const key = varint();
    const field = key >> 3;
    if ((key & 7) === 0) fields.push([field, BigInt(varint())]);
    else if ((key & 7) === 1) {
      fields.push([field, message.subarray(at, at + 8)]);
      at += 8;
    } else {
      const length = varint();
      fields.push([field, message.subarray(at, at + length)]);
      at += length;
    }
  }
  return fields;
}
const all = (message: Buffer, field: number): readonly Buffer[] =>
  fieldsOf(message).flatMap(([number, value]) => (number === field && Buffer.isBuffer(value) ? [value] : []));
const one = (message: Buffer, ...path: readonly number[]): Buffer =>
  path.reduce((inner, field) => all(inner, field)[0] ?? Buffer.alloc(0), message);
const attributesOf = (point: Buffer, field: number) =>
  Object.fromEntries(all(point, field).map((pair) => [one(pair, 1).toString(), one(pair, 2, 1).toString()]));

describe("metrics for OpenTelemetry", () => {
  const context = { nowMs: 1_800_000_000_000, version: "1", attributes: new Map([["kuma.workload", "web"]]) };
  const request = exportRequest(parseMetrics(TEXT), context);
  const metrics = new Map(all(one(request, 1, 2), 2).map((metric) => [one(metric, 1).toString(), metric]));
  const metric = (name: string): Buffer => metrics.get(name) ?? Buffer.alloc(0);

  it("have a scope, and a metric for each family and each part of a summary", () => {
    expect(one(request, 1, 2, 1, 1).toString()).toBe("kuma");
    expect([...metrics.keys()]).toEqual(["requests", "seconds", "latency", "latency_count", "latency_sum", "up"]);
    expect(one(metric("requests"), 2).toString()).toBe("How many");
  });

  it("have sums with the times and labels of their samples", () => {
    const sum = one(metric("requests"), 7);
    expect(fieldsOf(sum).slice(1)).toEqual([
      [2, 2n],
      [3, 1n],
    ]);
    const point = one(sum, 1);
    expect(one(point, 3).readBigUInt64LE()).toBe(1_700_000_000_000_000_000n);
    expect(one(point, 4).readDoubleLE()).toBe(3);
    expect(attributesOf(point, 7)).toEqual({ path: 'a"b', "kuma.workload": "web" });
    expect(one(metric("latency_count"), 7, 1, 4).readDoubleLE()).toBe(2);
  });

  it("have gauges of all else", () => {
    const point = one(metric("up"), 5, 1);
    expect(one(point, 3).readBigUInt64LE()).toBe(1_800_000_000_000_000_000n);
    expect(one(point, 4).readDoubleLE()).toBe(1);
    expect(attributesOf(one(metric("latency"), 5, 1), 7)).toEqual({ quantile: "0.9", "kuma.workload": "web" });
  });

  it("have histograms with the counts of single buckets", () => {
    const point = one(metric("seconds"), 9, 1);
    expect(one(point, 4).readBigUInt64LE()).toBe(3n);
    expect(one(point, 5).readDoubleLE()).toBe(0.75);
    expect([one(point, 6).readBigUInt64LE(0), one(point, 6).readBigUInt64LE(8)]).toEqual([1n, 2n]);
    expect([one(point, 7).byteLength, one(point, 7).readDoubleLE()]).toEqual([8, 0.5]);
    expect(attributesOf(point, 9)).toEqual({ "kuma.workload": "web" });
  });
});

describe("collectors", () => {
  /** Answers each call with a status, and keeps what it got. */
  async function collector(path: string, status: string, got: Buffer[] = []): Promise<Http2Server> {
    const server = createServer();
    server.on("stream", (stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.once("end", () => {
        if (headers[":path"] === EXPORT_PATH) got.push(Buffer.concat(chunks));
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": status, "grpc-message": "no%20room" }));
        stream.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return server;
  }

  it("are sent what is gathered, again and again, until they are configured away", async () => {
    const folder = await tempFolder();
    const socket = join(folder.path, "otel.sock");
    const got: Buffer[] = [];
    const server = await collector(socket, "0", got);
    const failed: string[] = [];
    const exports = new OtlpExports({
      gather: async () => parseMetrics("up 1"),
      clock: systemClock,
      onFailed: (target, reason) => failed.push(`${target}: ${reason}`),
    });
    const backends = [
      { type: "Prometheus", name: null },
      { type: "OpenTelemetry", name: "main", openTelemetry: { endpoint: socket, refreshInterval: "5ms" } },
    ];
    const config = metricsFromDocument({ observability: { metrics: { backends, extraLabels: { mesh: "m" } } } }, "");
    exports.configure(config);
    await eventually(() => got.length >= 2);
    const [message = Buffer.alloc(0)] = got;
    expect(message.readUInt32BE(1)).toBe(message.byteLength - 5);
    expect(attributesOf(one(message.subarray(5), 1, 2, 2, 5, 1), 7)).toEqual({ mesh: "m" });
    expect(failed).toEqual([]);
    await new Promise((resolve) => server.close(resolve));
    await eventually(() => failed.length > 0);
    exports.configure({ ...config, exports: [] });
    exports.stop();
    await folder.remove();
  });

  it("that take nothing are named with their reason", async () => {
    const folder = await tempFolder();
    const socket = join(folder.path, "otel.sock");
    const server = await collector(socket, "8");
    await expect(callGrpc(socket, EXPORT_PATH, Buffer.alloc(0), 5_000)).rejects.toThrow("status 8 no room");
    await new Promise((resolve) => server.close(resolve));
    await expect(callGrpc(socket, EXPORT_PATH, Buffer.alloc(0), 5_000)).rejects.toThrow();
    await folder.remove();
  });
});
