/** The files that settings name, read and checked before anything is started. */
import { readFileSync } from "node:fs";
import { errorMessage } from "@isthmus/std";
import { workFolderProblem } from "../work-folder.ts";
import { type ProxyResource, readProxyResource } from "./proxy-resource.ts";
import type { DpSettings } from "./read-settings.ts";
import { tokenProblem } from "./token.ts";
import { readTransparentProxy, type TransparentProxy } from "./transparent-proxy.ts";

export interface DpInputs {
  /** Undefined: the control plane has it. */
  readonly resource: ProxyResource | undefined;
  /** "": none. */
  readonly token: string;
  /** PEM; "": none. */
  readonly caCert: string;
  /** Undefined: the Dataplane says whether there is one. */
  readonly transparentProxy: TransparentProxy | undefined;
}

/** Problems are whole lines, each with the flag that is to blame. */
export async function readInputs(
  settings: DpSettings,
  readStdin: () => Promise<string>,
): Promise<{ readonly inputs: DpInputs; readonly problems: readonly string[] }> {
  const { token: inlineToken, tokenFile } = settings;
  const problems: string[] = [];
  const textOf = (flag: string, file: string): string | undefined => {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      problems.push(`${flag}: ${errorMessage(error)}`);
      return undefined;
    }
  };

  const token = tokenFile === "" ? inlineToken : textOf("--dataplane-token-file", tokenFile)?.trim();
  const isTokenGiven = tokenFile !== "" || inlineToken !== "";
  const wrong = isTokenGiven && token !== undefined ? tokenProblem(token) : undefined;
  if (wrong !== undefined) {
    problems.push(`${tokenFile === "" ? "--dataplane-token" : `--dataplane-token-file ${tokenFile}`}: ${wrong}`);
  }

  const { caCert: caText, caCertFile } = settings;
  const caCert = caText !== "" || caCertFile === "" ? caText : (textOf("--ca-cert-file", caCertFile) ?? "");
  if (caCert !== "" && !caCert.includes("-----BEGIN CERTIFICATE-----")) {
    problems.push("--ca-cert-file: no PEM certificate in it");
  }

  const folder = workFolderProblem(settings.workDir);
  if (folder !== undefined) problems.push(`--work-dir ${settings.workDir}: ${folder}`);

  const { resource: inline, resourceFile, variables, proxyType } = settings;
  const flag = inline === "" ? `--dataplane-file ${resourceFile}` : "--dataplane";
  const template =
    inline !== ""
      ? inline
      : resourceFile === "-"
        ? await readStdin()
        : resourceFile && textOf("--dataplane-file", resourceFile);
  const resource =
    template === undefined || template === "" ? undefined : readProxyResource(template, variables, proxyType);
  if (resource?.ok === false) problems.push(...resource.error.map((reason) => `${flag}: ${reason}`));
  if (template === "" && resourceFile !== "") problems.push(`${flag}: it is empty`);
  const { isTransparent, transparentProxyFiles } = settings;
  const files = transparentProxyFiles.map((file) => textOf("--transparent-proxy-config", file) ?? "");
  const proxy = isTransparent || files.length > 0 ? readTransparentProxy(files) : undefined;
  if (proxy?.ok === false) problems.push(...proxy.error.map((reason) => `--transparent-proxy-config: ${reason}`));
  const inputs = {
    resource: resource?.ok === true ? resource.value : undefined,
    token: token ?? "",
    caCert,
    transparentProxy: proxy?.ok === true ? proxy.value : undefined,
  };
  return { inputs, problems };
}
