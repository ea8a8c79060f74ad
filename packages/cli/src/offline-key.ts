/** Tokens signed here, with a key of a file instead of the server's, and such keys. Source: kuma v2.14.3: app/kumactl/cmd/generate. */
import { createPublicKey, generateKeyPair, type KeyObject, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { parsePrivateKey, signToken } from "@isthmus/identity";
import { type Clock, errorMessage } from "@isthmus/std";
import { CommandError, ExitCode } from "./exit-code.ts";

const RSA_BITS = 2048;

/** `kid`: what the server knows the key by. */
export async function signOffline(
  { path, kid }: { readonly path: string; readonly kid: string },
  claims: object,
  validForMs: number,
  clock: Clock,
): Promise<string> {
  const key = await readSigningKey(path);
  return signToken({ key: { kid, key }, claims, id: randomUUID(), nowMs: clock.now(), validForMs });
}

/** PEM, for `publicKeys` in the configuration of a server. */
export async function publicHalf(path: string): Promise<string> {
  return createPublicKey(await readSigningKey(path))
    .export({ format: "pem", type: "pkcs1" })
    .toString();
}

/** PEM. */
export async function newSigningKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: RSA_BITS });
  return privateKey.export({ format: "pem", type: "pkcs1" }).toString();
}

async function readSigningKey(path: string): Promise<KeyObject> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new CommandError(`--signing-key-path: ${errorMessage(error)}`, ExitCode.usage);
  }
  const key = parsePrivateKey(bytes);
  if (!key.ok) throw new CommandError(`--signing-key-path: ${path} ${key.error}`, ExitCode.usage);
  return key.value;
}
