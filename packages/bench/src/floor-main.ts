/** Entry of the floor server's process: prints its ports as one JSON line and serves until it is killed. */
import { selfSignedPair } from "@isthmus/grpc-kit";
import { startFloorServer } from "./floor-server.ts";

const pair = await selfSignedPair({ names: ["localhost"], nowMs: Date.now() });
const ports = await startFloorServer({ cert: pair.certificate, key: pair.privateKey });
process.stdout.write(`${JSON.stringify(ports)}\n`);
