import { createConnection } from "node:net";
import { ApiClient } from "@isthmus/api";
import { eventually, FakeClock } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { mesh, rig } from "../testing/rig.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function controlPlane() {
  const clock = new FakeClock();
  const made = rig({ clock });
  const changes = async (query: string) => {
    const { status, text } = await made.ask("GET", `/_changes${query}`);
    return [status, JSON.parse(text)];
  };
  return { ...made, clock, changes };
}

describe("GET /_changes", () => {
  it("tells the present revision at once, and later ones that were not seen", async () => {
    const { changes, seed } = controlPlane();
    expect(await changes("?type=Mesh")).toEqual([200, { revision: 0, changed: false }]);
    await seed(mesh("a"));
    expect(await changes("?type=Mesh&after=0&wait=20")).toEqual([200, { revision: 1, changed: true }]);
    expect(await changes("?type=Zone&after=0")).toEqual([200, { revision: 1, changed: false }]);
    expect(await changes("?after=0&wait=20")).toEqual([200, { revision: 1, changed: true }]);
  });

  it("of another history, or far behind, says to look anew", async () => {
    expect(await controlPlane().changes("?type=Mesh&after=77&wait=20")).toEqual([200, { revision: 0, changed: true }]);
  });

  it("waits for a change of its types", async () => {
    const { changes, seed, clock } = controlPlane();
    const answer = changes("?type=Mesh&type=Zone&after=0&wait=20");
    await eventually(() => clock.pendingTimers === 1);
    await seed({ type: "HostnameGenerator", name: "other", spec: { template: "x", selector: {} } });
    expect(clock.pendingTimers).toBe(1);
    await seed(mesh("a"));
    expect(await answer).toEqual([200, { revision: 2, changed: true }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    [5, 5_000],
    [900, 30_000],
  ])("gives up after the time that was asked for, %i s, or its own limit", async (wait, ms) => {
    const { changes, clock } = controlPlane();
    const answer = changes(`?after=0&wait=${wait}`);
    await eventually(() => clock.pendingTimers === 1);
    clock.advance(ms);
    expect(await answer).toEqual([200, { revision: 0, changed: false }]);
  });

  it.each(["?type=Nonsense", "?after=-1", "?after=soon", "?after=1&wait=1.5"])("refuses %s", async (query) => {
    expect(await controlPlane().changes(query)).toMatchObject([400, { title: "Bad Request" }]);
  });

  it("forgets clients that go away", async () => {
    const { server, clock } = controlPlane();
    await server.start();
    ends.push(() => server.stop());
    const socket = createConnection({ host: "127.0.0.1", port: server.port });
    socket.write("GET /_changes?after=0&wait=20 HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await eventually(() => clock.pendingTimers === 1);
    socket.destroy();
    await eventually(() => clock.pendingTimers === 0);
  });

  it("does not hold up the end of the server", async () => {
    const { server, clock } = controlPlane();
    await server.start();
    const client = new ApiClient({ baseUrl: `http://127.0.0.1:${server.port}` });
    const answer = client.changes({ types: ["Mesh"], after: 0, waitMs: 20_000 });
    await eventually(() => clock.pendingTimers === 1);
    const stopped = server.stop();
    expect(await answer).toEqual({ revision: 0, changed: false });
    await stopped;
  });
});
