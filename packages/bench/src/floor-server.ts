/**
 * The floor: what this machine can do at best. Raw node:http2 with TLS, an HTTP put writes one pre-encoded frame to every
 * open GlobalToZoneSync stream; no store, no session, no acknowledgement is looked at. Runs as a process of its own, like
 * the system under test.
 */
import { createServer } from "node:http";
import { createSecureServer, type ServerHttp2Stream } from "node:http2";
import { decodeDeltaRequest, encodeDeltaResponse, encodeKumaResource, encodeResourceChunk } from "@isthmus/proto";
import { FrameReader, frame } from "./grpc-frames.ts";

export interface FloorPorts {
  readonly kds: number;
  readonly rest: number;
}

export async function startFloorServer(tls: { readonly cert: string; readonly key: string }): Promise<FloorPorts> {
  const streams = new Set<ServerHttp2Stream>();
  const kds = createSecureServer({ ...tls, settings: { initialWindowSize: 1 << 20 } });
  kds.on("stream", (stream, headers) => {
    stream.on("error", () => streams.delete(stream));
    stream.on("close", () => streams.delete(stream));
    stream.respond({ ":status": 200, "content-type": "application/grpc" });
    if (!String(headers[":path"]).endsWith("/GlobalToZoneSync")) {
      stream.resume();
      return;
    }
    streams.add(stream);
    let nonce = 0;
    const reader = new FrameReader((message) => {
      const request = decodeDeltaRequest(message);
      if (!request.ok || request.value.responseNonce !== "") return;
      nonce += 1;
      stream.write(
        frame(
          encodeDeltaResponse({
            typeUrl: request.value.typeUrl,
            nonce: String(nonce),
            controlPlane: "global",
            chunks: [],
            removed: [],
          }),
        ),
      );
    });
    stream.on("data", (chunk: Buffer) => reader.push(chunk));
  });
  kds.on("sessionError", () => {});
  const rest = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const name = (request.url ?? "").split("/").at(-1) ?? "";
      const body: { spec?: object } = request.method === "PUT" ? JSON.parse(Buffer.concat(chunks).toString()) : {};
      const bytes = policyFrame(name, body.spec);
      for (const stream of streams) stream.write(bytes);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  return { kds: await listen(kds), rest: await listen(rest) };
}

/** A MeshTimeout called `<name>`, or its removal. The wire name keeps the plain name in front, as a hashed one does. */
function policyFrame(name: string, spec: object | undefined): Buffer {
  const wireName = `${name}-0000000000000000.default`;
  const chunks = spec
    ? [
        encodeResourceChunk({
          name: wireName,
          version: name,
          kumaResourceBytes: encodeKumaResource({
            name: `${name}-0000000000000000`,
            mesh: "default",
            labels: { "kuma.io/display-name": name, "kuma.io/mesh": "default", "kuma.io/origin": "global" },
            specTypeUrl: "",
            specBytes: Buffer.from(JSON.stringify(spec)),
          }),
        }),
      ]
    : [];
  return frame(
    encodeDeltaResponse({
      typeUrl: "MeshTimeout",
      nonce: `f-${name}`,
      controlPlane: "global",
      chunks,
      removed: spec ? [] : [wireName],
    }),
  );
}

function listen(server: import("node:net").Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no port"));
      else resolve(address.port);
    });
  });
}
