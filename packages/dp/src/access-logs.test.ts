import { closeSync, openSync, writeSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { eventually, tempFolder } from "@isthmus/testkit";
import { describe, expect, it } from "vitest";
import { AccessLogs, parseLogLine } from "./access-logs.ts";

describe("lines of access logs", () => {
  it.each([
    ['{"address":"127.0.0.1:5000","message":"text\\n"}', { address: "127.0.0.1:5000", text: "text\n" }],
    ['{"address":"logs:5000","message":{"a":[1]}}', { address: "logs:5000", text: '{"a":[1]}\n' }],
    ["logs:5000;old text;more", { address: "logs:5000", text: "old text;more\n" }],
    ['{"message":"nobody"}', undefined],
    ["nobody", undefined],
    ["", undefined],
  ])("%s", (line, expected) => {
    expect(parseLogLine(line)).toEqual(expected);
  });
});

it("sends what is written into the pipe to its backend, also after that was away", async () => {
  const folder = await tempFolder();
  const pipe = join(folder.path, "logs.sock");
  const lost: string[] = [];
  const logs = new AccessLogs({ pipe, onLost: (address) => lost.push(address) });
  logs.start();
  let received = "";
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on("data", (chunk) => {
      received += chunk.toString();
    });
    socket.on("error", () => {});
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => void server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const write = (text: string): void => {
    const fd = openSync(pipe, "a");
    writeSync(fd, `127.0.0.1:${port};${text}\nno line of a log\n`);
    closeSync(fd);
  };

  write("one");
  write("two");
  await eventually(() => received === "one\ntwo\n");
  for (const connection of connections) connection.destroy();
  await new Promise((resolve) => server.close(resolve));
  await eventually(() => {
    write("lost");
    return lost.includes(`127.0.0.1:${port}`);
  });
  await listen(port);
  await eventually(() => {
    write("three");
    return received.includes("three\n");
  });
  logs.stop();
  for (const connection of connections) connection.destroy();
  await new Promise((resolve) => server.close(resolve));
  await folder.remove();
});
