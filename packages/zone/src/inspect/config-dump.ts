/**
 * A configuration dump of an Envoy without the tokens that it shows its control plane. Envoy leaves out private keys itself.
 * Source: kuma v2.14.3: pkg/envoy/admin/sanitize.go.
 */
import { objectOf, objectsOf, textOf } from "@isthmus/resources";
import { err, isJsonObject, type JsonObject, ok, parseJson, type Result } from "@isthmus/std";

const BOOTSTRAP = "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump";
const REDACTED = "[redacted]";

/** An error: the text is no dump. */
export function redactedDump(text: string): Result<string, string> {
  const dump = parseJson(text);
  if (!dump.ok) return err(`the configuration dump is no JSON: ${dump.error}`);
  if (!isJsonObject(dump.value)) return err("the configuration dump is no object");
  const bootstraps = objectsOf(dump.value, "configs").filter((config) => textOf(config, "@type") === BOOTSTRAP);
  const tokens = bootstraps.flatMap((config) => tokensOf(objectOf(config, "bootstrap")));
  // In the text: what Envoy printed stays as it is, wherever else the token may stand.
  return ok(tokens.reduce((redacted, token) => redacted.replaceAll(quoted(token), REDACTED), text));
}

/** Longest first: one may be the beginning of another. */
function tokensOf(bootstrap: JsonObject): readonly string[] {
  const ads = objectOf(objectOf(bootstrap, "dynamic_resources"), "ads_config");
  const services = [ads, objectOf(bootstrap, "hds_config")].flatMap((api) => objectsOf(api, "grpc_services"));
  return services
    .flatMap((service) => objectsOf(service, "initial_metadata"))
    .filter((header) => textOf(header, "key").toLowerCase() === "authorization")
    .map((header) => textOf(header, "value"))
    .filter((token) => token !== "")
    .sort((a, b) => b.length - a.length);
}

/** As it stands in JSON. */
function quoted(token: string): string {
  return JSON.stringify(token).slice(1, -1);
}
