/**
 * `/openapi.json` and `/openapi.yaml`: made when first asked for, kept from then on. That takes half a second of work, so it is done in
 * slices: the server goes on with everything else meanwhile.
 */
import { type Clock, inSlices, type JsonObject } from "@isthmus/std";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { etagOf } from "../gui/static-folder.ts";
import { jsonText } from "./json-text.ts";
import { yamlText } from "./yaml-text.ts";

interface Printed {
  readonly bytes: Buffer;
  readonly etag: string;
}

type Steps<T> = Generator<void, T>;

const SLICE_MS = 5;

export function addOpenApiRoutes(server: FastifyInstance, document: () => Steps<JsonObject>, clock: Clock): void {
  const made = once(() => inSlices(document(), clock, SLICE_MS));
  const serve = (path: string, contentType: string, print: (document: JsonObject) => Steps<string>): void => {
    const printed = once(async (): Promise<Printed> => {
      const text = await inSlices(print(await made()), clock, SLICE_MS);
      return { bytes: Buffer.from(text), etag: etagOf(text) };
    });
    server.get(path, async (request, reply) => send(request, reply, contentType, await printed()));
  };
  serve("/openapi.json", "application/json", jsonText);
  serve("/openapi.yaml", "application/yaml", yamlText);
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  contentType: string,
  { bytes, etag }: Printed,
): FastifyReply {
  void reply.header("etag", etag).header("cache-control", "no-cache");
  if (request.headers["if-none-match"] === etag) return reply.code(304).send();
  return reply.header("content-type", contentType).send(bytes);
}

/** One attempt for all who ask; a failed one is made again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
