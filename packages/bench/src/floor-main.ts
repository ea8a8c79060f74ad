/** Entry of the floor server's process: prints its ports as one JSON line and serves until it is killed. */
import { selfSignedCertificate } from "@isthmus/grpc-kit";
import { startFloorServer } from "./floor-server.ts";

const { cert, key } = await selfSignedCertificate();
const ports = await startFloorServer({ cert, key });
process.stdout.write(`${JSON.stringify(ports)}\n`);
