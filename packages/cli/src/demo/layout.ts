/** Which processes the demo runs and on which ports: Kuma's for the global, each further zone 1,000 higher. */
import { join } from "node:path";

const NAMES = ["east", "west", "north", "south", "central"];
const GLOBAL_PORTS = { rest: 5681, diagnostics: 5680, kds: 5685 };
/** Of a zone: its port for proxies beside that for diagnostics, as 5678 is beside 5680. */
const DATA_PLANE_STEP = -2;
const PORT_STEP = 1_000;

export interface DemoProcess {
  readonly name: string;
  readonly role: "global" | "zone";
  readonly folder: string;
  readonly restPort: number;
  readonly diagnosticsPort: number;
  /** Every port that it binds, with the setting that owns it. */
  readonly ports: readonly { readonly port: number; readonly setting: string }[];
  /** Arguments of the `isthmus` command. */
  readonly args: readonly string[];
}

/** `portOffset` moves every port, for a second demo on one machine. */
export function demoLayout(zones: number, data: string, portOffset = 0): readonly DemoProcess[] {
  const kdsPort = GLOBAL_PORTS.kds + portOffset;
  const [restPort, diagnosticsPort] = [GLOBAL_PORTS.rest + portOffset, GLOBAL_PORTS.diagnostics + portOffset];
  const global = processOf("global", "global", data, restPort, diagnosticsPort, kdsPort);
  const ca = join(global.folder, "kuma-cp.crt");
  const others = Array.from({ length: zones }, (_, i) => {
    const offset = PORT_STEP * (i + 1);
    const name = NAMES[i] ?? `zone-${i + 1}`;
    const zone = processOf(name, "zone", data, restPort + offset, diagnosticsPort + offset);
    const joining = ["--name", name, "--global", `grpcs://127.0.0.1:${kdsPort}`, "--ca", ca];
    return { ...zone, args: [...zone.args, ...joining] };
  });
  return [global, ...others];
}

function processOf(
  name: string,
  role: "global" | "zone",
  data: string,
  restPort: number,
  diagnosticsPort: number,
  kdsPort?: number,
): DemoProcess {
  const folder = join(data, name);
  const ports = [
    { port: restPort, setting: "apiServer.http.port" },
    { port: restPort + 1, setting: "apiServer.https.port" },
    { port: diagnosticsPort, setting: "diagnostics.serverPort" },
    kdsPort === undefined
      ? { port: diagnosticsPort + DATA_PLANE_STEP, setting: "dpServer.port" }
      : { port: kdsPort, setting: "multizone.global.kds.grpcPort" },
  ];
  const settings = [
    ...ports.map(({ port, setting }) => `${setting}=${port}`),
    "apiServer.http.interface=127.0.0.1",
    "apiServer.https.interface=127.0.0.1",
    "diagnostics.interface=127.0.0.1",
    "multizone.global.kds.interface=127.0.0.1",
    "dpServer.interface=127.0.0.1",
  ];
  return {
    name,
    role,
    folder,
    restPort,
    diagnosticsPort,
    ports,
    args: [role, "--data", folder, ...settings.flatMap((setting) => ["--set", setting])],
  };
}
