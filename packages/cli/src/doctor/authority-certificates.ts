/** Certificates of the authorities of meshes: out of secrets, where the caller may read them, and out of MeshTrusts. */
import { X509Certificate } from "node:crypto";
import type { RestResource } from "@isthmus/api";
import { listAt, textAt } from "../output/member.ts";
import { type Facts, isRefused } from "./facts.ts";

export interface AuthorityCertificate {
  readonly what: string;
  readonly certificate: X509Certificate;
}

export async function certificatesOf(
  facts: Facts,
  meshes: readonly RestResource[],
  trusts: readonly RestResource[],
): Promise<{ readonly found: readonly AuthorityCertificate[]; readonly refused: number }> {
  const found: AuthorityCertificate[] = [];
  let refused = 0;
  for (const mesh of meshes) {
    for (const backend of listAt(mesh, "mtls", "backends")) {
      const name = textAt(backend, "name") ?? "";
      const secret =
        textAt(backend, "type") === "builtin"
          ? `${mesh.name}.ca-builtin-cert-${name}`
          : textAt(backend, "conf", "cert", "secret");
      if (secret === undefined) continue;
      try {
        const resource = await facts.client.find(`meshes/${mesh.name}/secrets/${secret}`);
        const pem = Buffer.from(textAt(resource, "data") ?? "", "base64").toString();
        found.push(...parsed(`authority ${name} of mesh ${mesh.name}`, pem));
      } catch (error) {
        if (!isRefused(error)) throw error;
        refused += 1;
      }
    }
  }
  for (const trust of trusts) {
    for (const bundle of listAt(trust, "spec", "caBundles")) {
      found.push(
        ...parsed(`authority in MeshTrust ${trust.mesh ?? ""}/${trust.name}`, textAt(bundle, "pem", "value") ?? ""),
      );
    }
  }
  return { found, refused };
}

/** All of a bundle; what is no certificate is left to the validation of the server. */
function parsed(what: string, pem: string): readonly AuthorityCertificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [{ what, certificate: new X509Certificate(block) }];
    } catch {
      return [];
    }
  });
}
