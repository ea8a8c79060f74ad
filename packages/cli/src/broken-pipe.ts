/** `isthmus get ... | head`: when the reader of the output has gone, a command ends without a word, as other programs do. */
import type { Writable } from "node:stream";
import { ExitCode } from "./exit-code.ts";

/** Other errors of the output end the program as if nobody listened: with a trace. */
export function endOnBrokenPipe(output: Writable, exit: (code: number) => void): void {
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    exit(ExitCode.failure);
  });
}
