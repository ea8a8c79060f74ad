/** A profile: how to reach one server, and as whom. What kumactl calls a control plane. */
import { err, errorMessage, ok, type Result } from "@isthmus/std";
import { parse, stringify } from "yaml";
import { z } from "zod";

const text = z.string().min(1);

const profileSchema = z.strictObject({
  name: text,
  server: text,
  /** Bearer token; `tokenFile` is read anew for every command. */
  token: text.optional(),
  tokenFile: text.optional(),
  /** Authorities that may have signed the certificate of the server; in place of those of the system. */
  caFile: text.optional(),
  clientCertFile: text.optional(),
  clientKeyFile: text.optional(),
  skipVerify: z.boolean().optional(),
  /** Sent with every request. */
  headers: z.record(z.string(), z.string()).optional(),
  /** Mesh of commands that name none. */
  mesh: text.optional(),
});

const profilesSchema = z
  .strictObject({
    /** Name of the profile in use. */
    current: text.optional(),
    profiles: z.array(profileSchema).default([]),
  })
  .superRefine(({ current, profiles }, context) => {
    const names = profiles.map(({ name }) => name);
    for (const name of new Set(names.filter((name, i) => names.indexOf(name) !== i))) {
      context.addIssue({ code: "custom", path: ["profiles"], message: `${JSON.stringify(name)} is there twice` });
    }
    if (current !== undefined && !names.includes(current)) {
      context.addIssue({ code: "custom", path: ["current"], message: `no profile ${JSON.stringify(current)}` });
    }
  });

export type Profile = z.infer<typeof profileSchema>;
export type Profiles = z.infer<typeof profilesSchema>;

export const NO_PROFILES: Profiles = { profiles: [] };

const COMMENT = "# Connections of the isthmus command. It may hold tokens: for the eyes of its owner only.\n";

/** All that is wrong at once, one line each. */
export function parseProfiles(document: string): Result<Profiles, readonly string[]> {
  let value: unknown;
  try {
    value = parse(document);
  } catch (error) {
    return err([errorMessage(error)]);
  }
  const parsed = profilesSchema.safeParse(value ?? {});
  if (parsed.success) return ok(parsed.data);
  return err(
    parsed.error.issues.map(({ path, message }) => `${path.length === 0 ? "" : `${path.join(".")}: `}${message}`),
  );
}

export function formatProfiles(profiles: Profiles): string {
  return COMMENT + stringify(profiles);
}

export function findProfile({ profiles }: Profiles, name: string): Profile | undefined {
  return profiles.find((profile) => profile.name === name);
}

/** Who the profile says to be, without any secret. */
export function authOf(profile: Profile): string {
  const parts = [
    ...(profile.token !== undefined || profile.tokenFile !== undefined ? ["token"] : []),
    ...(profile.clientCertFile === undefined ? [] : ["client certificate"]),
    ...(profile.headers === undefined ? [] : ["headers"]),
  ];
  return parts.length === 0 ? "-" : parts.join(", ");
}
