import { createServer, type Server } from "node:net";
import { systemClock } from "@isthmus/std";
import { FakeClock, freePorts } from "@isthmus/testkit";
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

it("are so many at a time, those for lost proxies first", async () => {
  const open: { readonly port: number; readonly answer: () => void }[] = [];
  const outcomes: string[] = [];
  const queue = new KnockQueue({
    knock: ({ port }) => new Promise((resolve) => open.push({ port, answer: () => resolve("refused") })),
    atOnce: 2,
    onKnocked: (outcome) => outcomes.push(outcome),
  });
  const ports = (): readonly number[] => open.map(({ port }) => port);
  const knocked = [1, 2, 3].map((port) => queue.knock({ address: "10.0.0.1", port }, { isUrgent: false }));
  const urgent = queue.knock({ address: "10.0.0.1", port: 4 }, { isUrgent: true });
  expect([ports(), queue.waiting]).toEqual([[1, 2], 2]);
  open[1]?.answer();
  expect(await knocked[1]).toBe("refused");
  expect([ports(), queue.waiting]).toEqual([[1, 2, 4], 1]);
  open[2]?.answer();
  await urgent;
  open[0]?.answer();
  await knocked[0];
  open[3]?.answer();
  await Promise.all(knocked);
  expect([ports(), queue.waiting, outcomes.length]).toEqual([[1, 2, 4, 3], 0, 4]);
});
