/** One call of gRPC with one message, over a unix socket, where the answer is only whether it went well. */
import { Buffer } from "node:buffer";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { connect } from "node:net";

const PREFIX_BYTES = 5;

/** @throws with the reason when it did not */
export function callGrpc(socket: string, path: string, message: Buffer, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2("http://localhost", { createConnection: () => connect({ path: socket }) });
    const end = (error?: Error): void => {
      clearTimeout(limit);
      session.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const limit = setTimeout(() => end(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    session.once("error", end);
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    let status: string | undefined;
    let reason = "";
    // Of an answer without a message they are in its headers.
    const read = (headers: IncomingHttpHeaders): void => {
      if (headers["grpc-status"] === undefined) return;
      status = String(headers["grpc-status"]);
      reason = decodeURIComponent(String(headers["grpc-message"] ?? ""));
    };
    stream.on("response", read);
    stream.on("trailers", read);
    stream.on("error", end);
    stream.once("close", () =>
      end(status === "0" ? undefined : new Error(`status ${status ?? "none"} ${reason}`.trim())),
    );
    stream.resume();
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.byteLength, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
}
