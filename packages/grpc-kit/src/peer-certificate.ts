/** Who the other end of a connection proved to be: its client certificate, if the server asked for one and a CA covers it. */
import type { X509Certificate } from "node:crypto";
import type { Http2Session } from "node:http2";
import type { TLSSocket } from "node:tls";

export interface PeerCertificate {
  /** "" where the subject has none. */
  readonly commonName: string;
  /** Host names and URIs of the certificate. */
  readonly names: readonly string[];
  /** End of its validity, wall clock ms. */
  readonly expiresAt: number;
}

/** Undefined: plaintext, no certificate, or one that no CA covers. */
export function peerCertificateOf(session: Http2Session): PeerCertificate | undefined {
  const socket = session.socket as Partial<TLSSocket>;
  if (socket.authorized !== true) return undefined;
  const certificate = socket.getPeerX509Certificate?.();
  return certificate === undefined ? undefined : readCertificate(certificate);
}

export function readCertificate(certificate: X509Certificate): PeerCertificate {
  return {
    commonName: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? "",
    names: [...(certificate.subjectAltName ?? "").matchAll(/(?:DNS|URI):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(
      ([, name = ""]) => (name.startsWith('"') ? (JSON.parse(name) as string) : name),
    ),
    expiresAt: Date.parse(certificate.validTo),
  };
}
