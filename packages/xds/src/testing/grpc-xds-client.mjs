// gRPC's own xDS client in a process of its own: for each line on stdin it calls the service `xds:///echo` and prints who answered,
// or the error. The bootstrap comes in GRPC_XDS_BOOTSTRAP_CONFIG. For tests.
import { createInterface } from "node:readline";
import { Client, credentials } from "@grpc/grpc-js";
import { register } from "@grpc/grpc-js-xds";

register();
const client = new Client("xds:///echo", credentials.createInsecure());

for await (const _ of createInterface({ input: process.stdin })) {
  client.makeUnaryRequest(
    "/test.Echo/Who",
    (value) => value,
    (value) => value.toString(),
    Buffer.alloc(0),
    { deadline: Date.now() + 10_000 },
    (error, answer) => console.log(error === null ? answer : `error: ${error.message}`),
  );
}
client.close();
