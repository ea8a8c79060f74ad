/** Sizes of messages and back-pressure, over real sockets. */
import { eventually } from "@isthmus/testkit";
import { describe, expect, it } from "vitest";
import { GrpcCode } from "./status.ts";
import { call, plain, startServer } from "./testing/echo-rig.ts";

const MIB = 1024 * 1024;

describe("sizes", () => {
  it("carries a message of the whole limit", async () => {
    const rig = await startServer();
    const { stream, received } = call(plain(rig));
    stream.writer.write(Buffer.alloc(10 * MIB, 7));
    await eventually(() => received.length === 1);
    expect(received[0]?.length).toBe(10 * MIB);
  });

  it("refuses an oversize message with RESOURCE_EXHAUSTED and the sizes, either way", async () => {
    const rig = await startServer({ maxMessageBytes: MIB });
    const { stream, closed } = call(plain(rig));
    stream.writer.write(Buffer.alloc(MIB + 1));
    expect(await closed).toEqual({
      code: GrpcCode.RESOURCE_EXHAUSTED,
      details: `Received message larger than max (${MIB + 1} vs ${MIB})`,
    });
    await eventually(() => rig.statuses.length === 1);
    expect(rig.statuses).toEqual([await closed]);
    const big = await startServer({ maxMessageBytes: 4 * MIB }, (stream) => {
      stream.writer.write(Buffer.alloc(2 * MIB));
      return {};
    });
    const small = call(plain(big, { maxMessageBytes: MIB }));
    const status = await small.closed;
    expect(status.code).toBe(GrpcCode.RESOURCE_EXHAUSTED);
    expect(status.details).toContain(String(MIB));
  });

  it("counts the limit after decompression", async () => {
    const rig = await startServer({ maxMessageBytes: MIB });
    const { stream, closed } = call(plain(rig, { gzip: true }));
    stream.writer.write(Buffer.alloc(8 * MIB));
    expect((await closed).code).toBe(GrpcCode.RESOURCE_EXHAUSTED);
  });
});

describe("back-pressure", () => {
  it("blocks the server's writer while the client does not read, in bytes, and reports the drain", async () => {
    const rig = await startServer({ highWaterBytes: MIB }, () => ({}));
    const { stream, received } = call(plain(rig, { windowBytes: 128 * 1024 }));
    await eventually(() => rig.streams.length === 1);
    const writer = rig.streams[0]?.writer;
    if (writer === undefined) throw new Error("no stream");
    let drained = 0;
    writer.onDrained(() => {
      drained += 1;
    });
    stream.pause();
    let sent = 0;
    while (writer.write(Buffer.alloc(64 * 1024))) sent += 1;
    expect(sent).toBeLessThan(20);
    expect(writer.isBlocked).toBe(true);
    expect(drained).toBe(0);
    stream.resume();
    await eventually(() => received.length === sent + 1);
    expect(drained).toBe(1);
  });

  it("holds the client back while the server does not read", async () => {
    const rig = await startServer({ streamWindowBytes: 128 * 1024, connectionWindowBytes: 256 * 1024 }, (stream) => {
      stream.pause();
      return {};
    });
    const { stream } = call(plain(rig));
    await eventually(() => rig.streams.length === 1);
    for (let i = 0; i < 200; i += 1) stream.writer.write(Buffer.alloc(16 * 1024));
    expect(stream.writer.isBlocked).toBe(true);
    const before = stream.writer.pendingBytes;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(before - stream.writer.pendingBytes).toBeLessThan(512 * 1024);
    rig.streams[0]?.resume();
    await eventually(() => !stream.writer.isBlocked);
  });

  it("ends a stream whose peer reads nothing, within the grace period", async () => {
    const rig = await startServer({}, () => ({}));
    const { stream, closed } = call(plain(rig, { windowBytes: 65_535 }));
    await eventually(() => rig.streams.length === 1);
    stream.pause();
    rig.streams[0]?.writer.write(Buffer.alloc(4 * MIB));
    rig.streams[0]?.end({ code: GrpcCode.CANCELLED, details: "gone" });
    expect((await closed).code).toBe(GrpcCode.CANCELLED);
  });
});
