/** What the settings say about the web page. Source: kuma v2.14.3: pkg/api-server/server.go. */
import type { Config } from "./config/schema.ts";
import { KUMA_PRODUCT, KUMA_VERSION } from "./identity.ts";

export interface GuiRole {
  readonly mode: "global" | "zone";
  readonly isFederated: boolean;
}

/** `gui` of `GET /`. A zone under a global points nobody to a page of its own. */
export function guiUrl({ apiServer: { gui } }: Config, { isFederated }: GuiRole): string {
  if (!gui.enabled || isFederated) return "";
  return gui.rootUrl === "" ? gui.basePath : gui.rootUrl;
}

/** Kuma's app is made for a global or a zone alone; our own page serves every zone. */
export function guiOptions({ apiServer, environment, store }: Config, { mode, isFederated }: GuiRole) {
  const { gui, basePath, rootUrl, readOnly } = apiServer;
  return {
    isEnabled: gui.enabled && !(isFederated && gui.folder !== ""),
    basePath: gui.basePath,
    rootUrl: gui.rootUrl,
    folder: gui.folder,
    config: {
      apiUrl: rootUrl === "" ? basePath : rootUrl,
      version: KUMA_VERSION,
      product: KUMA_PRODUCT,
      mode,
      environment,
      storeType: store.type,
      apiReadOnly: readOnly,
    },
  };
}
