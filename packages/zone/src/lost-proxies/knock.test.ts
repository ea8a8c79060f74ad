import { createServer, type Server } from "node:net";
import { systemClock } from "@isthmus/std";
import { eventually, FakeClock, freePorts } from "@isthmus/testkit";
import { expect, it, onTestFinished } from "vitest";
import { tcpKnock } from "./knock.ts";
import { KnockQueue } from "./knock-queue.ts";

async function listening(port: number): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => {}).resume());
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

it("tells who listens from who does not", async () => {
  const [taken = 0, free = 0] = await freePorts(2);
  await listening(taken);
  const knock = tcpKnock(30_000, systemClock);
  expect(await knock({ address: "127.0.0.1", port: taken })).toBe("accepted");
  expect(await knock({ address: "127.0.0.1", port: free })).toBe("refused");
});

it("takes no answer in time, and an address that cannot be connected to, for neither", async () => {
  const [free = 0] = await freePorts(1);
  const clock = new FakeClock();
  const late = tcpKnock(250, clock)({ address: "127.0.0.1", port: free });
  clock.advance(250);
  expect(await late).toBe("silent");
  expect(await tcpKnock(30_000, systemClock)({ address: "255.255.255.255", port: free })).toBe("silent");
});

it("are so many at a time, those that prove something first, those that only look around last", async () => {
  const open: { readonly port: number; readonly answer: () => void }[] = [];
  const outcomes: string[] = [];
  const queue = new KnockQueue({
    knock: ({ port }) => new Promise((resolve) => open.push({ port, answer: () => resolve("refused") })),
    atOnce: 2,
    onKnocked: (outcome) => outcomes.push(outcome),
  });
  const knocked = (["reach", "reach", "reach", "lost", "proof"] as const).map((lane, i) =>
    queue.knock({ address: "10.0.0.1", port: i + 1 }, lane),
  );
  expect([open.map(({ port }) => port), queue.waiting]).toEqual([[1, 2], 3]);
  for (const [i, next] of [5, 4, 3].entries()) {
    open[i]?.answer();
    await eventually(() => outcomes.length === i + 1);
    expect(open.map(({ port }) => port).slice(i + 2)).toEqual([next]);
  }
  open[3]?.answer();
  open[4]?.answer();
  expect(await Promise.all(knocked)).toEqual(Array(5).fill("refused"));
  expect([queue.waiting, outcomes.length]).toEqual([0, 5]);
});
