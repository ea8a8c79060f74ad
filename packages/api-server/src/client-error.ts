/** Answers to what is no request: the parser of HTTP gives up before any route is known. */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { restText } from "@isthmus/resources";
import { errorMessage, type JsonValue } from "@isthmus/std";
import { badRequest, errorBody, type Failure } from "./failure.ts";

/** A listener of the server's `clientError`; what follows on the connection cannot be told apart, so it is closed. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  refuseOn(socket, failureOfClient(error));
}

/** `CONNECT` asks for a tunnel, which Node would end without a word. */
export function refuseTunnel(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  refuseOn(socket, { status: 405, title: "Method not allowed", detail: "this is no proxy" });
}

function failureOfClient(error: Error & { readonly code?: string }): Failure {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return { status: 431, title: "Request header too large", detail: "the header of the request is too large" };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, title: "Request Timeout", detail: "the request did not arrive in time" };
    default:
      return badRequest(`bad request: ${errorMessage(error)}`);
  }
}

function refuseOn(socket: Socket, failure: Failure): void {
  const body = restText(errorBody(failure) as JsonValue);
  const head = [
    `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status] ?? ""}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  socket.destroySoon();
}
