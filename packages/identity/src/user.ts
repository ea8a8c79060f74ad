/** Who asks: a name and groups. Source of the names: kuma v2.14.3: pkg/core/user. */

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Everybody who proved who he is. */
export const AUTHENTICATED_GROUP = "mesh-system:authenticated";

export const ADMIN: User = { name: "mesh-system:admin", groups: ["mesh-system:admin"] };
export const ANONYMOUS: User = { name: "mesh-system:anonymous", groups: ["mesh-system:unauthenticated"] };

export function authenticated(user: User): User {
  return { name: user.name, groups: [...user.groups, AUTHENTICATED_GROUP] };
}

export const isAnonymous = (user: User): boolean => user.name === ANONYMOUS.name;

/** As refusals name it: `name/group,group`. */
export const userText = ({ name, groups }: User): string => `${name}/${groups.join(",")}`;
