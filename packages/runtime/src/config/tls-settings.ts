/** Certificate, versions and cipher suites of a server that speaks TLS. Source: kuma v2.14.3: pkg/config/types/tls.go. */
import type { z } from "zod";
import { CIPHER_SUITES } from "./cipher-suites.ts";
import { choice, list, text } from "./leaves.ts";

const cipherSuites = () =>
  list().superRefine((names, context) => {
    const unknown = names.filter((name) => !CIPHER_SUITES.includes(name));
    if (unknown.length === 0) return;
    const message = `cannot be served: ${unknown.join(", ")}; supported are ${CIPHER_SUITES.join(", ")}`;
    context.addIssue({ code: "custom", message });
  });

export const tlsSettings = {
  /** Empty: that of `general`, else the generated certificate of the control plane. */
  tlsCertFile: text(""),
  tlsKeyFile: text(""),
  tlsMinVersion: choice(["", "TLSv1_2", "TLSv1_3"], "TLSv1_2"),
  tlsMaxVersion: choice(["", "TLSv1_2", "TLSv1_3"], ""),
  /** Of TLS 1.2, by their IANA names; empty: those of Node. Those of TLS 1.3 are always on. */
  tlsCipherSuites: cipherSuites(),
};

export type TlsSettings = z.output<z.ZodObject<typeof tlsSettings>>;
