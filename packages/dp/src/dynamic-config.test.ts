import { createServer } from "node:http";
import { join } from "node:path";
import { type JsonValue, systemClock } from "@isthmus/std";
import { tempFolder } from "@isthmus/testkit";
import { expect, it } from "vitest";
import { DynamicConfig } from "./dynamic-config.ts";

it("hands a document on when it is new, and again only when it is another one", async () => {
  const folder = await tempFolder();
  const socket = join(folder.path, "documents.sock");
  const got: JsonValue[] = [];
  const failed: string[] = [];
  const documents = new DynamicConfig({
    socket,
    intervalMs: 1_000,
    clock: systemClock,
    handlers: new Map([["/meshmetric", (document: JsonValue) => got.push(document)]]),
    onFailed: (path, reason) => failed.push(`${path}: ${reason}`),
  });
  await documents.step();

  let [status, tag, body] = [200, "one", '{"a":1}'];
  const server = createServer((request, response) => {
    if (request.headers["if-none-match"] === tag) return void response.writeHead(304).end();
    response.writeHead(status, { etag: tag }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  await documents.step();
  await documents.step();
  expect(got).toEqual([{ a: 1 }]);
  [tag, body] = ["two", '{"a":2}'];
  await documents.step();
  expect(got).toEqual([{ a: 1 }, { a: 2 }]);
  [status, tag] = [404, "none"];
  await documents.step();
  [status, tag] = [200, "two"];
  await documents.step();
  expect(got).toEqual([{ a: 1 }, { a: 2 }, { a: 2 }]);
  [tag, body] = ["three", "{"];
  await documents.step();
  expect(failed).toHaveLength(1);
  expect(got).toHaveLength(3);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await documents.step();
  expect(failed).toHaveLength(1);
  documents.stop();
  await folder.remove();
});
