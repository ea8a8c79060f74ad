/** The body of an answer as text; an answer that has no end ends its call. */
import type { ClientRequest, IncomingMessage } from "node:http";

/** Errors of the answer are for the caller: they come as `error` of the call or of the answer. */
export function onAnswerText(
  call: ClientRequest,
  response: IncomingMessage,
  maxBytes: number,
  take: (text: string) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on("data", (chunk: Buffer) => {
    size += chunk.byteLength;
    if (size > maxBytes) call.destroy(new Error("the answer has no end"));
    else chunks.push(chunk);
  });
  response.once("end", () => take(Buffer.concat(chunks).toString()));
}
