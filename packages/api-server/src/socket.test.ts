/** The server on a real port: what is no request, and who goes away. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { JsonObject } from "@isthmus/std";
import { afterEach, describe, expect, it } from "vitest";
import { type ApiServer, PortError } from "./server.ts";
import { INDEX, mesh, rig } from "./testing/rig.ts";

/** All that the server answers until it closes the connection. */
async function exchange(port: number, sent: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const received: Buffer[] = [];
  socket.on("data", (bytes) => received.push(bytes));
  socket.on("error", () => {});
  socket.end(Buffer.from(sent, "latin1"));
  await once(socket, "close");
  return Buffer.concat(received).toString();
}

describe("the socket", () => {
  const started: ApiServer[] = [];
  afterEach(async () => {
    for (const server of started.splice(0)) await server.stop();
  });

  it("is on the loopback by default and answers there", async () => {
    const { server } = rig();
    started.push(server);
    await server.start();
    const answer = await fetch(`http://127.0.0.1:${server.port}/`);
    expect(await answer.json()).toEqual(INDEX);
    const response = await fetch(`http://127.0.0.1:${server.port}/meshes/m`, {
      method: "PUT",
      body: JSON.stringify(mesh("m")),
      headers: { "content-type": "application/json; charset=utf-8" },
    });
    expect(response.status).toBe(201);
  });

  it("that is taken gives an error that names port and setting", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { server } = rig({ port });
    const error = await server.start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PortError);
    expect(String(error)).toContain(`port ${port} of 127.0.0.1`);
    expect(String(error)).toContain("apiServer.http.port");
    await server.stop();
    other.close();
  });

  it.each<[string, string, number, string]>([
    ["bytes", "\u0000\u0001 nonsense\r\n\r\n", 400, "bad request: Parse Error"],
    [
      "an unknown method",
      "BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      400,
      "bad request: Parse Error: Invalid method",
    ],
    ["a beginning of TLS", "\u0016\u0003\u0001\u0000\u00c8\u0001", 400, "bad request: Parse Error"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad request: Parse Error"],
    ["a request without a host", "GET / HTTP/1.1\r\n\r\n", 400, "bad request: missing required Host header"],
    [
      "two lengths",
      "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
      "bad request: Parse Error",
    ],
    [
      "a header without end",
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(70_000)}\r\n\r\n`,
      431,
      "the header of the request is too large",
    ],
    ["a tunnel", "CONNECT other:80 HTTP/1.1\r\nHost: other:80\r\n\r\n", 405, "this is no proxy"],
  ])("refuses %s with an error object and goes on", async (_, sent, status, detail) => {
    const { server } = rig();
    started.push(server);
    await server.start();
    const answer = await exchange(server.port, sent);
    expect(answer.split("\r\n")[0]).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const body = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))) as JsonObject;
    expect(body).toMatchObject({ type: "/std-errors", status, detail: expect.stringContaining(detail) as string });
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(200);
  });

  it("answers the good request before the garbage, then refuses", async () => {
    const { server } = rig();
    started.push(server);
    await server.start();
    const answer = await exchange(server.port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGARBAGE\r\n\r\n");
    expect(answer.match(/^HTTP\/1.1 \d+/gm)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
  });

  it("lets clients go that vanish in the middle of a request", async () => {
    const { server } = rig();
    started.push(server);
    await server.start();
    for (const part of ["P", "PUT /meshes/m HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"]) {
      const socket = connect(server.port, "127.0.0.1");
      await once(socket, "connect");
      socket.write(part);
      socket.resetAndDestroy();
    }
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(200);
  });

  it("stops although a request never arrives in full, and answers the one that does", async () => {
    const { server } = rig({ drainMs: 100 });
    await server.start();
    const head = "PUT /meshes/m HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    const slow = connect(server.port, "127.0.0.1");
    const cut = once(slow.on("error", () => {}).resume(), "close");
    slow.write(`${head}Content-Length: 9\r\n\r\n{`);
    const late = connect(server.port, "127.0.0.1");
    const answered = once(late, "data") as Promise<[Buffer]>;
    const body = JSON.stringify(mesh("m"));
    late.write(`${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
    await fetch(`http://127.0.0.1:${server.port}/`);
    const stopped = server.stop();
    late.write(body.slice(5));
    expect((await answered)[0].toString()).toMatch(/^HTTP\/1.1 201 /);
    await stopped;
    await cut;
    late.destroy();
  });
});
