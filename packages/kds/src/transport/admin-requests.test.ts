/** A global that asks zones about their proxies, over real streams. */
import { GrpcCode } from "@isthmus/grpc-kit";
import { err, ok } from "@isthmus/std";
import { eventually, FakeClock } from "@isthmus/testkit";
import { afterEach, expect, it } from "vitest";
import { type AdminQuestion, decodeQuestion, encodeAnswer } from "./admin-message.ts";
import { ADMIN_STREAMS } from "./kds-methods.ts";
import { LoopbackRig, zoneOf } from "./testing/loopback-rig.ts";

const rig = new LoopbackRig();
afterEach(() => rig.end());

const QUESTION = {
  type: "Dataplane",
  name: "web",
  mesh: "default",
  includeEds: true,
  usedOnly: true,
  format: "json",
} as const;

it("asks a zone about its proxies", async () => {
  const global = await rig.global();
  const asked: AdminQuestion[] = [];
  await rig.zone("east", global.address, {
    answerAdmin: async (question) => {
      asked.push(question);
      return question.name === "web" ? ok(Buffer.from(question.stream)) : err("no such proxy");
    },
  });
  for (const stream of ADMIN_STREAMS) {
    const answer = await eventually(async () => {
      const found = await global.server.askAdmin("east", { ...QUESTION, stream });
      return found.ok ? found.value : undefined;
    });
    expect(Buffer.from(answer).toString()).toBe(stream);
  }
  expect(asked.map(({ requestId: _id, ...question }) => question)).toEqual([
    { ...QUESTION, stream: "StreamXDSConfigs", usedOnly: false },
    { ...QUESTION, stream: "StreamStats", includeEds: false },
    { ...QUESTION, stream: "StreamClusters", includeEds: false, usedOnly: false },
  ]);
  expect(await global.server.askAdmin("east", { ...QUESTION, stream: "StreamStats", name: "db" })).toEqual(
    err({ kind: "refused", reason: "no such proxy" }),
  );
  expect(await global.server.askAdmin("west", { ...QUESTION, stream: "StreamStats" })).toEqual(
    err({ kind: "not-connected" }),
  );
});

it("drops answers that nobody waits for, and ends a stream that sends no answer", async () => {
  const clock = new FakeClock();
  const global = await rig.global({ clock });
  const stream = rig.raw(global.address).open("StreamStats", zoneOf("east"));
  const ask = () => global.server.askAdmin("east", { ...QUESTION, stream: "StreamStats" });
  await eventually(async () => {
    void ask();
    return stream.received.length > 0;
  });
  const first = decodeQuestion("StreamStats", stream.received[0] ?? Buffer.alloc(0));
  const late = ask();
  clock.advance(12_000);
  expect(await late).toEqual(err({ kind: "refused", reason: "the zone did not answer in time" }));
  stream.send(encodeAnswer("StreamStats", { requestId: first.requestId, result: ok(Buffer.from("too late")) }));
  stream.send(encodeAnswer("StreamStats", { requestId: "never asked", result: ok(Buffer.from("surprise")) }));
  const last = ask();
  stream.send(Buffer.from([0xff]));
  expect((await stream.ended()).code).toBe(GrpcCode.INVALID_ARGUMENT);
  expect(await last).toEqual(err({ kind: "refused", reason: "the stream of the zone was closed" }));
  expect(await ask()).toEqual(err({ kind: "not-connected" }));
});

it("asks on the newest stream, and believes a zone about itself only", async () => {
  const global = await rig.global();
  const [east, west] = ["east", "west"].map((zone) => rig.raw(global.address).open("StreamStats", zoneOf(zone)));
  if (east === undefined || west === undefined) throw new Error("no streams");
  const ask = (zone: string) => global.server.askAdmin(zone, { ...QUESTION, stream: "StreamStats" });
  const answers: unknown[] = [];
  await eventually(async () => {
    void ask("east").then((answer) => answers.push(answer));
    void ask("west");
    return east.received.length > 0 && west.received.length > 0;
  });
  const { requestId } = decodeQuestion("StreamStats", east.received[0] ?? Buffer.alloc(0));
  west.send(encodeAnswer("StreamStats", { requestId, result: ok(Buffer.from("forged")) }));
  east.send(encodeAnswer("StreamStats", { requestId, result: ok(Buffer.from("true")) }));
  const answered = await eventually(() => answers.find((each) => JSON.stringify(each).includes("true")));
  expect(answered).toMatchObject({ ok: true });
  expect(answers.filter((each) => (each as { ok: boolean }).ok)).toHaveLength(1);
  const again = rig.raw(global.address).open("StreamStats", zoneOf("east"));
  await eventually(() => {
    void ask("east");
    return again.received.length > 0;
  });
});
