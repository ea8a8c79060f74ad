/** A real global or zone of a test, in its process, on free ports of the loopback, with an empty memory store. */
import { ApiClient } from "@isthmus/api";
import { createGlobal } from "@isthmus/global";
import { createLogger, formatProblems, loadConfig } from "@isthmus/runtime";
import { freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { createZone } from "@isthmus/zone";

export interface TestServer {
  readonly url: string;
  readonly httpsUrl: string;
  readonly kdsUrl: string;
  readonly diagnosticsUrl: string;
  readonly folder: string;
  readonly client: ApiClient;
  stop(): Promise<void>;
}

export async function testServer(
  role: "global" | "zone" = "global",
  settings: Readonly<Record<string, string | number>> = {},
): Promise<TestServer> {
  const folder: TempFolder = await tempFolder("isthmus-cli-");
  const [rest = 0, https = 0, diagnostics = 0, kds = 0] = await freePorts(4);
  const all: Readonly<Record<string, string | number>> = {
    "store.type": "memory",
    "general.workDir": folder.path,
    "apiServer.http.port": rest,
    "apiServer.https.port": https,
    "apiServer.https.interface": "127.0.0.1",
    "apiServer.http.interface": "127.0.0.1",
    "diagnostics.serverPort": diagnostics,
    "dpServer.port": 0,
    "diagnostics.interface": "127.0.0.1",
    ...(role === "global"
      ? { "multizone.global.kds.grpcPort": kds, "multizone.global.kds.interface": "127.0.0.1" }
      : {}),
    "log.level": "off",
    ...settings,
  };
  const loaded = loadConfig({ env: {}, settings: Object.entries(all).map(([path, value]) => `${path}=${value}`) });
  if (!loaded.ok) throw new Error(formatProblems(loaded.error));
  const log = createLogger({ level: "off", name: role });
  const { service } = await (role === "global" ? createGlobal : createZone)(loaded.value.config, log);
  await service.start();
  const url = `http://127.0.0.1:${rest}`;
  return {
    url,
    httpsUrl: `https://127.0.0.1:${https}`,
    kdsUrl: `grpcs://127.0.0.1:${kds}`,
    diagnosticsUrl: `http://127.0.0.1:${diagnostics}`,
    folder: folder.path,
    client: new ApiClient({ baseUrl: url, timeoutMs: 30_000 }),
    async stop() {
      await service.stop();
      await folder.remove();
    },
  };
}
