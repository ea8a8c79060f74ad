/** The forms in which a GET shows a resource (`format=`). Source: kuma v2.14.3: pkg/api-server/resource_endpoints.go. */
import type { Violation } from "@isthmus/resources";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";

export interface Forms {
  readonly universal: () => JsonObject;
  /** Left out for overviews, which Kubernetes has none of (Kuma fails on them with 500). */
  readonly kubernetes?: () => JsonObject;
}

const FORMATS = ["k8s", "kubernetes", "universal"];

export function formatted(format: string, { universal, kubernetes }: Forms): Result<JsonObject, readonly Violation[]> {
  if (format === "" || format === "universal") return ok(universal());
  if (!FORMATS.includes(format)) return err([mustBe(FORMATS)]);
  return kubernetes === undefined ? err([mustBe(["universal"])]) : ok(kubernetes());
}

const mustBe = (formats: readonly string[]): Violation => ({
  field: "",
  reason: `"format" must be one of [${formats.map((each) => `"${each}"`).join(", ")}]`,
});
