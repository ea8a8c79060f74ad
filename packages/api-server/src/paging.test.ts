/** Pages put together are the list, whatever is written meanwhile, as far as pages by number can be. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { mesh, rig } from "./testing/rig.ts";

interface Page {
  readonly total: number;
  readonly items: readonly { readonly name: string }[];
  readonly next: string | null;
}

const PATH = "/meshes/default/meshmultizoneservices";
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const names = fc.uniqueArray(name, { maxLength: 30 });
const service = (of: string) => ({
  type: "MeshMultiZoneService",
  mesh: "default",
  name: of,
  spec: { selector: { meshService: { matchLabels: { a: "b" } } }, ports: [{ port: 80 }] },
});

/** Reads all pages; `meanwhile` happens after each. */
async function walk(
  { ask }: ReturnType<typeof rig>,
  size: number,
  meanwhile: (page: number) => Promise<unknown> = async () => {},
): Promise<{ seen: readonly string[]; pages: readonly Page[] }> {
  const seen: string[] = [];
  const pages: Page[] = [];
  let path: string | null = `${PATH}?size=${size}`;
  while (path !== null) {
    const answer: { status: number; text: string } = await ask("GET", path);
    expect(answer.status).toBe(200);
    const page = JSON.parse(answer.text) as Page;
    const found = page.items.map((item) => item.name);
    // Each page is in order by itself.
    expect(found).toEqual([...found].sort());
    seen.push(...found);
    pages.push(page);
    path = page.next?.replace(/^http:\/\/[^/]+/, "") ?? null;
    await meanwhile(pages.length);
  }
  return { seen, pages };
}

async function filled(initial: readonly string[]): Promise<ReturnType<typeof rig>> {
  const server = rig();
  await server.ask("PUT", "/meshes/default", mesh("default"));
  for (const each of initial) expect((await server.ask("PUT", `${PATH}/${each}`, service(each))).status).toBe(201);
  return server;
}

it("all pages are the whole list, in order, of every size", async () => {
  await fc.assert(
    fc.asyncProperty(names, fc.integer({ min: 1, max: 40 }), async (initial, size) => {
      const { seen, pages } = await walk(await filled(initial), size);
      expect(seen).toEqual([...initial].sort());
      expect(pages.every(({ total }) => total === initial.length)).toBe(true);
      expect(pages.slice(0, -1).every(({ items }) => items.length === size)).toBe(true);
    }),
    { numRuns: 30, seed: 1 },
  );
});

it("nothing that is there all the time is missed while others are added", async () => {
  await fc.assert(
    fc.asyncProperty(names, names, fc.integer({ min: 1, max: 7 }), async (initial, added, size) => {
      const server = await filled(initial);
      const more = added.filter((each) => !initial.includes(each));
      const { seen } = await walk(server, size, async (page) => {
        const each = more[page - 1];
        if (each !== undefined) await server.ask("PUT", `${PATH}/${each}`, service(each));
      });
      expect(initial.filter((each) => !seen.includes(each))).toEqual([]);
    }),
    { numRuns: 30, seed: 2 },
  );
});

it("nothing is shown twice while others are deleted", async () => {
  await fc.assert(
    fc.asyncProperty(
      names,
      fc.integer({ min: 1, max: 7 }),
      fc.infiniteStream(fc.nat()),
      async (initial, size, pick) => {
        const server = await filled(initial);
        const left = [...initial];
        const { seen } = await walk(server, size, async () => {
          const [victim] = left.splice((pick.next().value ?? 0) % Math.max(left.length, 1), 1);
          if (victim !== undefined) await server.ask("DELETE", `${PATH}/${victim}`);
        });
        expect(new Set(seen).size).toBe(seen.length);
      },
    ),
    { numRuns: 30, seed: 3 },
  );
});
