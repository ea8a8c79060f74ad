/** `/openapi.json` and `/openapi.yaml`: made when first asked for, kept from then on. */
import type { JsonObject } from "@isthmus/std";
import type { FastifyInstance } from "fastify";
import { etagOf } from "../gui/static-folder.ts";
import { yamlText } from "./yaml-text.ts";

export function addOpenApiRoutes(server: FastifyInstance, document: () => JsonObject): void {
  const serve = (path: string, contentType: string, print: (document: JsonObject) => string): void => {
    let made: { readonly text: string; readonly etag: string } | undefined;
    server.get(path, (request, reply) => {
      if (made === undefined) {
        const text = print(document());
        made = { text, etag: etagOf(text) };
      }
      void reply.header("etag", made.etag).header("cache-control", "no-cache");
      if (request.headers["if-none-match"] === made.etag) return reply.code(304).send();
      return reply.header("content-type", contentType).send(Buffer.from(made.text));
    });
  };
  serve("/openapi.json", "application/json", (each) => `${JSON.stringify(each, null, 1)}\n`);
  serve("/openapi.yaml", "application/yaml", yamlText);
}
