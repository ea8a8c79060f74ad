export { envoyBinary } from "./envoy-binary.ts";
export { eventually } from "./eventually.ts";
export { FakeClock } from "./fake-clock.ts";
export { freePortOffset, freePorts } from "./free-port.ts";
export { seededRandom } from "./seeded-random.ts";
export { type TempFolder, tempFolder } from "./temp-folder.ts";
export { type CertificateRequest, type KeyPair, TestCa } from "./test-ca.ts";
