/** The overview page in a real browser, where there is one: Debian's chromium, or what CHROMIUM names. */
import { existsSync } from "node:fs";
import { eventually } from "@isthmus/testkit";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ControlPlane, startGlobal } from "./contract/recorded-deployment.ts";

const PATIENT = { timeout: 60_000 };
const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

describe.skipIf(!existsSync(executablePath))("the overview page", () => {
  let global: ControlPlane | undefined;
  let browser: Browser | undefined;
  let page: Page | undefined;
  const problems: string[] = [];
  const asked = new Set<string>();

  beforeAll(async () => {
    global = await startGlobal();
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    page = await browser.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().startsWith("Failed to load")) problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("response", (response) => {
      const { pathname } = new URL(response.url());
      if (!response.ok() && response.status() !== 301) problems.push(pathname);
    });
    page.on("request", (request) => asked.add(new URL(request.url()).origin));
    await page.goto(`http://127.0.0.1:${global.port}/gui`);
    await page.waitForSelector("section");
  });
  afterAll(async () => {
    await browser?.close();
    await global?.stop();
  });

  const rowsOf = (title: string): Promise<string[][]> =>
    shown()
      .locator("section", { has: shown().getByRole("heading", { name: title, exact: true }) })
      .evaluate((section) =>
        [...section.querySelectorAll("tbody tr")].map((row) =>
          [...row.querySelectorAll("td")].map((cell) => cell.textContent ?? ""),
        ),
      );
  const shown = (): Page => {
    if (page === undefined) throw new Error("no page");
    return page;
  };

  it("shows zones with their sync, and meshes", async () => {
    const zones = ["east", "west"].map((name) => [name, "online", "in sync", "0", "2.14.3 (Isthmus)"]);
    await expect.poll(async () => (await rowsOf("Zones")).map((row) => row.slice(0, 5)), PATIENT).toEqual(zones);
    expect((await rowsOf("Meshes")).map((row) => row.slice(0, 2))).toEqual([["default", "ca-1"]]);
    expect(await shown().getByText("Nothing is held back.").count()).toBe(1);
    expect(await shown().title()).toBe("Global control plane · Isthmus");
  });

  it("loads nothing from elsewhere and has no errors", () => {
    expect([...asked]).toEqual([`http://127.0.0.1:${global?.port ?? 0}`]);
    expect(problems).toEqual([]);
  });

  it("follows what happens", async () => {
    await global?.zones.get("east")?.stop();
    await eventually(async () => (await rowsOf("Zones"))[0]?.[1] === "offline", {
      what: "zone east offline in the page",
    });
    await expect.poll(async () => (await rowsOf("Zones"))[0]?.[2], PATIENT).toBe("not connected");
  });
});
