/**
 * The certificate and key a server shows: the operator's own files, or a self-signed pair made once and kept, so that zones
 * can pin it. File names and names in the certificate are Kuma's (kuma v2.14.3: pkg/core/bootstrap/autoconfig.go).
 */
import { createPrivateKey, type KeyObject, randomBytes, webcrypto, X509Certificate } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { errorMessage } from "@isthmus/std";
import type { ServerTls } from "./server-credentials.ts";

export const CERTIFICATE_FILE = "kuma-cp.crt";
export const KEY_FILE = "kuma-cp.key";

const VALIDITY_MS = 10 * 365 * 24 * 3_600_000;
/** Peers whose clocks are behind must accept a fresh certificate. */
const CLOCK_SKEW_MS = 5 * 60_000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export type TlsIdentityErrorCode = "MISSING" | "UNREADABLE" | "KEY_MISMATCH" | "EXPIRED" | "NOT_YET_VALID";

export class TlsIdentityError extends Error {
  readonly code: TlsIdentityErrorCode;

  constructor(code: TlsIdentityErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "TlsIdentityError";
    this.code = code;
  }
}

/** One file and the setting that named it, for messages. */
export interface TlsFile {
  readonly path: string;
  readonly setting: string;
}

/** Loads the operator's pair. Throws a `TlsIdentityError` that names the file and its setting. */
export async function loadTlsIdentity(files: {
  readonly certificate: TlsFile;
  readonly privateKey: TlsFile;
  readonly nowMs: number;
}): Promise<ServerTls> {
  const certificate = await read(files.certificate);
  const privateKey = await read(files.privateKey);
  checkPair({ ...files, certificateText: certificate, keyText: privateKey });
  return { certificate, privateKey };
}

/** Loads a PEM bundle of trusted certificates. Throws a `TlsIdentityError`. */
export async function loadCaBundle(file: TlsFile): Promise<string> {
  const text = await read(file);
  parseCertificate(text, file);
  return text;
}

export interface GeneratedTlsIdentity extends ServerTls {
  readonly certificatePath: string;
  readonly keyPath: string;
  /** Why a new pair was made; absent when the stored one was used. */
  readonly created?: "none stored" | "expired";
}

/**
 * The self-signed pair of the work folder, made when there is none or the stored one has expired. A damaged or mismatching
 * pair is an error, not a reason for a new one: zones may have pinned it.
 */
export async function generatedTlsIdentity(options: {
  readonly folder: string;
  readonly nowMs: number;
  /** Names and addresses of the certificate; `localSubjectNames()` when left out. */
  readonly subjectNames?: readonly string[];
}): Promise<GeneratedTlsIdentity> {
  const { folder, nowMs } = options;
  const certificatePath = join(folder, CERTIFICATE_FILE);
  const keyPath = join(folder, KEY_FILE);
  const setting = "work folder";
  let created: "none stored" | "expired" = "none stored";
  try {
    const files = {
      certificate: { path: certificatePath, setting },
      privateKey: { path: keyPath, setting },
      nowMs,
    };
    return { ...(await loadTlsIdentity(files)), certificatePath, keyPath };
  } catch (error) {
    if (!(error instanceof TlsIdentityError)) throw error;
    if (error.code !== "MISSING" && error.code !== "EXPIRED") throw error;
    if (error.code === "EXPIRED") created = "expired";
  }
  const pair = await selfSignedPair({ names: options.subjectNames ?? localSubjectNames(), nowMs });
  await mkdir(folder, { recursive: true });
  // The key first: a certificate that is there has its key.
  await rm(certificatePath, { force: true });
  await writeAtomically(keyPath, pair.privateKey, 0o600);
  await writeAtomically(certificatePath, pair.certificate, 0o644);
  return { ...pair, certificatePath, keyPath, created };
}

/** Host name, loopback names and every address of this machine. */
export function localSubjectNames(): readonly string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    // A link-local IPv6 address is only reachable with a zone index, which a certificate cannot hold.
    .filter(({ address }) => !address.startsWith("fe80:"))
    .map(({ address }) => address);
  return [...new Set([hostname(), "localhost", "127.0.0.1", "::1", ...addresses])];
}

/** A fresh self-signed pair with an EC P-256 key, valid for ten years. */
export async function selfSignedPair(options: {
  readonly names: readonly string[];
  readonly nowMs: number;
}): Promise<{ readonly certificate: string; readonly privateKey: string }> {
  const { names, nowMs } = options;
  // Loaded where a pair is made: it takes some 30 ms, which later starts need not pay. Its decorators want reflect-metadata first.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: positiveSerial(),
      name: [{ CN: [names[0] ?? "localhost"] }],
      notBefore: new Date(nowMs - CLOCK_SKEW_MS),
      notAfter: new Date(nowMs - CLOCK_SKEW_MS + VALIDITY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        // As Kuma's own: clients that demand a CA in their root store accept the pinned certificate.
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const), value })),
        ),
      ],
    },
    webcrypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
  return {
    certificate: `${certificate.toString("pem")}\n`,
    privateKey: key.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}

/** 127 random bits: a serial number is positive and has at most 20 bytes. */
function positiveSerial(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x01, 0);
  return bytes.toString("hex");
}

async function read(file: TlsFile): Promise<string> {
  try {
    return await readFile(file.path, "utf8");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const why = isMissing ? "does not exist" : `cannot be read: ${errorMessage(error)}`;
    throw new TlsIdentityError(isMissing ? "MISSING" : "UNREADABLE", `${file.path} ${why} (${file.setting})`, {
      cause: error,
    });
  }
}

function checkPair(pair: {
  readonly certificate: TlsFile;
  readonly privateKey: TlsFile;
  readonly certificateText: string;
  readonly keyText: string;
  readonly nowMs: number;
}): void {
  const { certificate, privateKey, nowMs } = pair;
  const leaf = parseCertificate(pair.certificateText, certificate);
  const key = parseKey(pair.keyText, privateKey);
  if (!leaf.checkPrivateKey(key)) {
    throw new TlsIdentityError(
      "KEY_MISMATCH",
      `${privateKey.path} (${privateKey.setting}) is not the key of ${certificate.path} (${certificate.setting})`,
    );
  }
  if (Date.parse(leaf.validTo) <= nowMs) {
    throw new TlsIdentityError(
      "EXPIRED",
      `${certificate.path} (${certificate.setting}) has expired on ${leaf.validTo}`,
    );
  }
  if (Date.parse(leaf.validFrom) > nowMs) {
    throw new TlsIdentityError(
      "NOT_YET_VALID",
      `${certificate.path} (${certificate.setting}) is only valid from ${leaf.validFrom}`,
    );
  }
}

function parseCertificate(text: string, file: TlsFile): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw new TlsIdentityError("UNREADABLE", `${file.path} (${file.setting}) holds no PEM certificate`, {
      cause: error,
    });
  }
}

function parseKey(text: string, file: TlsFile): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new TlsIdentityError("UNREADABLE", `${file.path} (${file.setting}) holds no unencrypted PEM key`, {
      cause: error,
    });
  }
}

/** A reader sees the old content, none, or the whole new one. */
async function writeAtomically(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
