/** The signing keys that a program makes on its first start; later ones find them. */
import { LateSigningKeys, type ResourceManager } from "@isthmus/manager";
import { errorMessage } from "@isthmus/std";
import { userDefaults } from "./api-access.ts";
import type { Instance } from "./instance.ts";

export function lateSigningKeys(
  { config, log }: Pick<Instance, "config" | "log">,
  manager: Pick<ResourceManager, "ensureSigningKeys">,
): LateSigningKeys {
  return new LateSigningKeys({
    async make() {
      const created = await manager.ensureSigningKeys({ ...config.defaults, ...userDefaults(config) });
      if (created.length > 0) log.info({ count: created.length }, "signing keys created");
    },
    onFailure: (error) => log.error({ error: errorMessage(error) }, "signing keys cannot be created"),
  });
}
