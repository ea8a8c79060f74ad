import { describe, expect, it } from "vitest";
import { KnownPaths } from "./known-paths.ts";

describe("paths that are known", () => {
  const paths = new KnownPaths(
    new Map([
      ["/", new Set(["GET"])],
      ["/meshes/:mesh", new Set(["GET", "PUT"])],
      ["/meshes/:mesh/dataplanes/:name", new Set(["DELETE"])],
      ["/meshes/:mesh/dataplanes/_overview", new Set(["HEAD"])],
      ["/a.b/*", new Set(["POST"])],
    ]),
  );

  it.each([
    ["/", ["GET"]],
    ["/meshes/default", ["GET", "PUT"]],
    ["/meshes/default/", ["GET", "PUT"]],
    ["/meshes/default?size=1", ["GET", "PUT"]],
    ["/meshes/a%2Fb", ["GET", "PUT"]],
    ["/meshes/default/dataplanes/web", ["DELETE"]],
    ["/meshes/default/dataplanes/_overview", ["HEAD"]],
    ["/a.b/c/d", ["POST"]],
    ["/meshes", undefined],
    ["/meshes//dataplanes/web", undefined],
    ["/axb/c", undefined],
  ])("%s", (path, methods) => {
    const found = paths.methodsOf(path);
    expect(found === undefined ? undefined : [...found]).toEqual(methods);
  });
});
