import { eventually } from "@isthmus/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import type { CallObserver } from "./call-probe.ts";
import { GrpcCode, Metadata } from "./status.ts";
import { ASK, call, ECHO, plain, startServer } from "./testing/echo-rig.ts";

interface Seen {
  readonly events: string[];
  readonly seconds: number[];
  readonly observer: CallObserver;
}

function watch(): Seen {
  const events: string[] = [];
  const seconds: number[] = [];
  const note =
    (what: string) =>
    ({ path }: { readonly path: string }): void =>
      void events.push(`${what} ${path}`);
  return {
    events,
    seconds,
    observer: {
      started: note("started"),
      received: note("received"),
      sent: note("sent"),
      ended: ({ path, isStream }, code, took) => {
        events.push(`ended ${path} ${isStream ? "stream" : "unary"} ${code}`);
        seconds.push(took);
      },
    },
  };
}

let client: Seen;
let server: Seen;
beforeEach(() => {
  client = watch();
  server = watch();
});

describe("both ends tell what happens to", () => {
  it("a stream that the client ends", async () => {
    const rig = await startServer({ observeCalls: server.observer });
    const { stream, received, closed } = call(plain(rig, { observeCalls: client.observer }));
    stream.writer.write(Buffer.from("a"));
    await eventually(() => received.length === 1);
    stream.cancel();
    await closed;
    await eventually(() => rig.statuses.length === 1);
    const end = `ended ${ECHO} stream ${GrpcCode.CANCELLED}`;
    expect(server.events).toEqual([`started ${ECHO}`, `received ${ECHO}`, `sent ${ECHO}`, end]);
    expect(client.events).toEqual([`started ${ECHO}`, `sent ${ECHO}`, `received ${ECHO}`, end]);
    expect([...server.seconds, ...client.seconds].every((took) => took > 0 && took < 60)).toBe(true);
  });

  it("a stream that the server refuses", async () => {
    const rig = await startServer({ observeCalls: server.observer }, (stream) => {
      stream.end({ code: GrpcCode.UNAVAILABLE, details: "not now" });
      return {};
    });
    const { closed } = call(plain(rig, { observeCalls: client.observer }));
    expect((await closed).code).toBe(GrpcCode.UNAVAILABLE);
    expect(server.events.at(-1)).toBe(`ended ${ECHO} stream ${GrpcCode.UNAVAILABLE}`);
    expect(client.events.at(-1)).toBe(`ended ${ECHO} stream ${GrpcCode.UNAVAILABLE}`);
  });

  it("unary calls that succeed and fail", async () => {
    const rig = await startServer({ observeCalls: server.observer });
    const connection = plain(rig, { observeCalls: client.observer });
    await connection.unary(ASK, Buffer.from("?"), new Metadata());
    await expect(connection.unary(ASK, Buffer.alloc(0), new Metadata())).rejects.toThrow("nothing asked");
    const failed = `ended ${ASK} unary ${GrpcCode.INVALID_ARGUMENT}`;
    expect(server.events).toEqual([
      `started ${ASK}`,
      `received ${ASK}`,
      `sent ${ASK}`,
      `ended ${ASK} unary ${GrpcCode.OK}`,
      `started ${ASK}`,
      `received ${ASK}`,
      failed,
    ]);
    expect(client.events.filter((event) => event.startsWith("ended"))).toEqual([`ended ${ASK} unary 0`, failed]);
  });
});
