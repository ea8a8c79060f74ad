/**
 * What goes back to a client: JSON as Kuma prints it (one space of indentation, a newline at the end) or plain text.
 * Source: kuma v2.14.3: pkg/api-server/server.go.
 */
import type { FastifyReply } from "fastify";

const INDENT = 1;

export function sendJson(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply
    .code(status)
    .header("content-type", "application/json")
    .send(`${JSON.stringify(body, null, INDENT)}\n`);
}

export function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).header("content-type", "text/plain; charset=utf-8").send(text);
}
