/** Kuma's own web page, unchanged, over a global of ours; where KUMA_GUI names the folder of its built files and there is a browser. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ControlPlane, startGlobal } from "./contract/recorded-deployment.ts";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const folder = process.env["KUMA_GUI"] ?? "";
const isThere = existsSync(join(folder, "index.html")) && folder !== "" && existsSync(executablePath);
const WEB = "west-web-1-xxb9649z92z7469c";

describe.skipIf(!isThere)("Kuma's web page (needs KUMA_GUI)", () => {
  let global: ControlPlane | undefined;
  let browser: Browser | undefined;
  let page: Page | undefined;
  const problems: string[] = [];

  beforeAll(async () => {
    global = await startGlobal({ "apiServer.gui.folder": folder });
    const origin = `http://127.0.0.1:${global.port}`;
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    page = await browser.newPage({ baseURL: origin });
    // It asks the world for the newest version of Kuma; tests do not.
    await page.route(
      (url) => url.origin !== origin,
      (route) => route.abort(),
    );
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("response", (response) => {
      if (response.url().startsWith(origin) && response.status() >= 400) {
        problems.push(`${response.status()} ${response.url()}`);
      }
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await global?.stop();
  });

  it.each([
    ["/", "Global control plane stats"],
    ["/zones", "Zone leader CP version"],
    ["/zones/east/overview", "Online"],
    ["/zones/east/ingresses", "east-ingress"],
    ["/zones/east/egresses", "east-egress"],
    ["/meshes", "default"],
    ["/meshes/default/overview", "mTLS"],
    ["/meshes/default/data-planes", "west-web-1"],
    [`/meshes/default/data-planes/${WEB}/overview`, "Online"],
    [`/meshes/default/data-planes/${WEB}/policies`, "MeshTimeout"],
    [`/meshes/default/data-planes/${WEB}/stats`, "version_text"],
    [`/meshes/default/data-planes/${WEB}/clusters`, "kuma_readiness"],
    ["/meshes/default/services/mesh-services", "backend"],
    ["/meshes/default/services/mesh-multi-zone-services", "backend"],
    ["/meshes/default/services/mesh-external-services", "outside"],
    ["/meshes/default/policies/meshtimeouts", "mesh-timeout-all-default"],
    ["/hostname-generators", "synced-universal-mesh-service"],
    ["/configuration", "apiServer"],
  ])("%s shows %s", async (path, shown) => {
    await page?.goto(`/gui${path}`);
    await page?.getByText(shown).first().waitFor({ timeout: 20_000 });
    expect(problems.splice(0)).toEqual([]);
  });
});
