/** Names of resources and meshes. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/meta_validator.go. */

/** Undefined: nothing is wrong with it. Sockets are named by it. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "is missing";
  return /^[0-9a-z._-]+$/.test(name)
    ? undefined
    : `${JSON.stringify(name)} has other characters than lower case letters, digits, dots, dashes and underscores`;
}
