/** Settings of a control plane in this process: memory store, plaintext, loopback. */
import { type Config, formatProblems, loadConfig } from "@isthmus/runtime";

export type Settings = Readonly<Record<string, string | number | boolean>>;

export function configOf(folder: string, settings: Settings): Config {
  const all = {
    "general.workDir": folder,
    "store.type": "memory",
    "apiServer.http.interface": "127.0.0.1",
    "apiServer.https.enabled": false,
    "diagnostics.interface": "127.0.0.1",
    "diagnostics.serverPort": 0,
    "dpServer.interface": "127.0.0.1",
    "dpServer.port": 0,
    "log.level": "off",
    // As the recorded ones were: whoever has no token is nobody in particular.
    "apiServer.authn.localhostIsAdmin": false,
    "access.anonymousWrites": true,
    ...settings,
  };
  const loaded = loadConfig({ env: {}, settings: Object.entries(all).map(([path, value]) => `${path}=${value}`) });
  if (!loaded.ok) throw new Error(formatProblems(loaded.error));
  return loaded.value.config;
}
