/** A server with the answers that a Kuma 2.14.3 gave, recorded in `testdata/rest-*.json`; it pages as Kuma does. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

export interface RecordedServer {
  readonly url: string;
  /** `GET /zones?size=1000` each. */
  readonly asked: readonly {
    readonly request: string;
    readonly body: string;
    readonly headers: IncomingMessage["headers"];
  }[];
  /** Answers of the test's own, before the recorded ones. */
  readonly answers: Map<string, Recorded>;
  stop(): Promise<void>;
}

export interface Recorded {
  readonly status: number;
  readonly json?: JsonValue;
  readonly text?: string;
}

export const recordings = (name: "global" | "west"): Readonly<Record<string, Recorded>> =>
  JSON.parse(readFileSync(new URL(`../../testdata/rest-${name}.json`, import.meta.url), "utf8")) as Record<
    string,
    Recorded
  >;

/** What kumactl printed; `[stderr]` and `[exit N]` follow standard output. */
export function kumactlRecording(name: string): { readonly command: readonly string[]; readonly stdout: string } {
  const text = readFileSync(new URL(`../../testdata/kumactl/${name}.txt`, import.meta.url), "utf8");
  const [first = "", ...rest] = text.split("\n");
  const end = rest.findIndex((line) => line === "[stderr]" || line.startsWith("[exit "));
  return { command: first.replace(/^\$ kumactl /, "").split(" "), stdout: rest.slice(0, end).join("\n") };
}

export async function recordedServer(name: "global" | "west" = "global"): Promise<RecordedServer> {
  const known = recordings(name);
  const paths = new Set(pathsOf(known));
  const answers = new Map<string, Recorded>();
  const asked: { request: string; body: string; headers: IncomingMessage["headers"] }[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const line = `${request.method} ${decodeURIComponent(request.url ?? "")}`;
      asked.push({ request: line, body: Buffer.concat(chunks).toString(), headers: request.headers });
      send(response, answers.get(line) ?? answerTo(known, paths, line, request.headers.host ?? ""));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answers,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pathsOf(known: Readonly<Record<string, Recorded>>): readonly string[] {
  const resources = known["GET /_resources"]?.json;
  const types =
    isJsonObject(resources) && Array.isArray(resources["resources"]) ? (resources["resources"] as JsonObject[]) : [];
  return types.flatMap(({ path }) => (typeof path === "string" ? [path] : []));
}

function answerTo(
  known: Readonly<Record<string, Recorded>>,
  paths: ReadonlySet<string>,
  line: string,
  host: string,
): Recorded {
  const exact = known[line];
  if (exact !== undefined) return exact;
  const [before = "", query = ""] = line.split("?");
  // A recording of the plural that Kuma also has.
  const start = before.replace("GET /globalsecrets", "GET /global-secrets");
  const found = known[start];
  if (found !== undefined) return paged(found, start, new URLSearchParams(query), host);
  const [mesh, path] = /^GET (?:\/meshes\/([^/]+))?\/([^/]+)$/.exec(start)?.slice(1) ?? [];
  if (path !== undefined && paths.has(path) && (mesh === undefined || mesh === "default")) {
    return { status: 200, json: { total: 0, items: [], next: null } };
  }
  return { status: 404, text: "404: Page Not Found" };
}

function paged(recorded: Recorded, start: string, query: URLSearchParams, host: string): Recorded {
  const { json } = recorded;
  if (!isJsonObject(json) || !Array.isArray(json["items"]) || !query.has("size")) return recorded;
  const items = json["items"] as readonly JsonValue[];
  const [size, offset] = [Number(query.get("size")), Number(query.get("offset") ?? 0)];
  const end = offset + size;
  const next = end < items.length ? `http://${host}${start.slice("GET ".length)}?offset=${end}&size=${size}` : null;
  return { status: 200, json: { ...json, items: items.slice(offset, end), next } };
}

function send(response: ServerResponse, { status, json, text = "" }: Recorded): void {
  const body = json === undefined ? text : `${JSON.stringify(json, null, 1)}\n`;
  response.writeHead(status, { "content-type": json === undefined ? "text/plain" : "application/json" }).end(body);
}
