/** Ports and certificates, seen from here. */
import { X509Certificate } from "node:crypto";
import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls } from "node:tls";

const PROBE_MS = 3_000;

/** Undefined: something listens. */
export function probePort(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port, timeout: PROBE_MS });
    const end = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.once("connect", () => end(undefined));
    socket.once("timeout", () => end("no answer"));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end(error.code === "ECONNREFUSED" ? "nothing listens" : (error.code ?? error.message)),
    );
  });
}

/** The certificate that a port shows, whoever signed it. Rejects where there is no TLS. */
export function peerCertificate(
  host: string,
  port: number,
  protocols: readonly string[] = [],
): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host,
      port,
      timeout: PROBE_MS,
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
    });
    socket.once("secureConnect", () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      if (raw === undefined) reject(new Error("the port shows no certificate"));
      else resolve(new X509Certificate(raw));
    });
    socket.once("timeout", () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
  });
}

/** Whether the certificate is for this name or address. */
export function isFor(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}
