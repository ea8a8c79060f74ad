/** The first instance of a service starts in east, runner and Envoy: until a client of west has the first answer. Its workload runs already. */
import { ADDRESS, type Lab } from "./lab.ts";

export interface FirstBackendTimes {
  /** From the start of the runner. */
  readonly listening: readonly number[];
  readonly firstAnswer: readonly number[];
}

/** Each service once: none has ever been there before. */
export async function firstBackends(
  lab: Lab,
  services: readonly string[],
  isChecked: boolean,
): Promise<FirstBackendTimes> {
  const listening: number[] = [];
  const firstAnswer: number[] = [];
  for (const service of services) {
    const requests = lab.requests(service);
    const name = `${service}-1`;
    const began = performance.now();
    const listens = lab.backend(name, service, ADDRESS.first, isChecked).then(() => performance.now());
    const first = await requests.until(({ text }) => text === name, `the first answer of ${service}`);
    firstAnswer.push(first.at - began);
    listening.push((await listens) - began);
    requests.close();
    await lab.traffic.proxies.get(name)?.kill("SIGTERM");
    const clusters = lab.admin("/clusters");
    await clusters.until(({ text }) => !lab.isServed(text, service), `${service} is gone`);
    clusters.close();
  }
  return { listening, firstAnswer };
}
