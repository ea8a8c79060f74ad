/**
 * What goes back to a client: JSON as Kuma prints it or plain text. Source: kuma v2.14.3: pkg/api-server/server.go.
 */
import { restText } from "@isthmus/resources";
import type { JsonValue } from "@isthmus/std";
import type { FastifyReply } from "fastify";

/** Members that are undefined are left out. */
export function sendJson(reply: FastifyReply, status: number, body: object): FastifyReply {
  const text = restText(body as JsonValue);
  // As bytes: to a text fastify would add a charset.
  return reply.code(status).header("content-type", "application/json").send(Buffer.from(text));
}

export function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).header("content-type", "text/plain; charset=utf-8").send(text);
}
