import { connect, type Socket } from "node:net";
import { eventually, FakeClock } from "@isthmus/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { Listener } from "./listener.ts";

const SILENCE_MS = 10_000;

async function listen() {
  const clock = new FakeClock();
  const taken: Socket[] = [];
  const options = { name: "kds", address: "127.0.0.1", port: 0, portSetting: "port", silenceMs: SILENCE_MS, clock };
  const listener = new Listener({ ...options, take: (socket) => taken.push(socket.on("error", () => {})) });
  await listener.start();
  onTestFinished(async () => {
    const closed = listener.close();
    for (const socket of taken) socket.destroy();
    await closed;
  });
  const open = (): { readonly socket: Socket; readonly state: { isClosed: boolean } } => {
    const state = { isClosed: false };
    const socket = connect(listener.port, "127.0.0.1");
    socket.on("error", () => {}).on("close", () => (state.isClosed = true));
    onTestFinished(() => void socket.destroy());
    return { socket: socket.resume(), state };
  };
  return { listener, clock, taken, open };
}

describe("Listener", () => {
  it("hands a connection on with its first bytes, which nobody has read yet", async () => {
    const { clock, taken, open } = await listen();
    const { socket, state } = open();
    socket.write("hello");
    await eventually(() => taken.length === 1);
    expect(String(taken[0]?.read())).toBe("hello");
    clock.advance(SILENCE_MS);
    taken[0]?.write("still here");
    await eventually(() => socket.bytesRead > 0);
    expect(state.isClosed).toBe(false);
  });

  it("drops who says nothing in time", async () => {
    const { clock, taken, open } = await listen();
    const { state } = open();
    await eventually(() => clock.pendingTimers > 0);
    clock.advance(SILENCE_MS);
    await eventually(() => state.isClosed);
    expect(taken).toHaveLength(0);
  });

  it("ends with who ends without a word, gracefully or not", async () => {
    const { clock, taken, open } = await listen();
    const [graceful, rude] = [open(), open()];
    await eventually(() => clock.pendingTimers === 2);
    graceful.socket.end();
    rude.socket.resetAndDestroy();
    await eventually(() => graceful.state.isClosed && clock.pendingTimers === 0);
    expect(taken).toHaveLength(0);
  });

  it("waits for those it has handed on when it closes, and for nobody else", async () => {
    const { listener, clock, taken, open } = await listen();
    const [silent, speaking] = [open(), open()];
    await eventually(() => clock.pendingTimers === 2);
    speaking.socket.write("hello");
    await eventually(() => taken.length === 1);
    let isClosed = false;
    const closed = listener.close().then(() => (isClosed = true));
    await eventually(() => silent.state.isClosed);
    expect([isClosed, speaking.state.isClosed]).toEqual([false, false]);
    taken[0]?.destroy();
    await closed;
    expect(clock.pendingTimers).toBe(0);
  });
});
