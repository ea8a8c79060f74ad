/** The recorded messages of `testdata`. */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import type { JsonObject } from "@isthmus/std";

export type RecordedMessage = {
  readonly kind: "request" | "response";
  readonly type: string;
  readonly from: string;
  readonly raw: Uint8Array;
};

export type GoEncoding = { readonly name: string; readonly json: JsonObject; readonly raw: Uint8Array };

export function recordedMessages(): RecordedMessage[] {
  return lines("kuma-messages.jsonl") as RecordedMessage[];
}

export function goEncodings(): GoEncoding[] {
  return lines("go-encodings.jsonl") as GoEncoding[];
}

function lines(file: string): unknown[] {
  return readFileSync(new URL(`../../testdata/${file}`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const value = JSON.parse(line) as { raw: string };
      return { ...value, raw: new Uint8Array(Buffer.from(value.raw, "base64")) };
    });
}
