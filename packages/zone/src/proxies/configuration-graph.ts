/**
 * The configurations of connected proxies as derivations: what a proxy has of its own, and the outbounds of each class of proxies, made once for
 * all of it. A change costs what depends on it.
 *
 *     followed -> wishes for certificates
 *              -> classes -> outbounds -> shared parts      classes of ingresses -> exposures -> shared parts
 *                         -> names
 *     followed, wishes, certificates, names -> own parts
 */
import {
  type AdminTls,
  type EnvoyConfig,
  type ForwardedChain,
  forwardedChain,
  NO_TRAITS,
  namesOf,
  type OutboundClass,
  outboundClassOf,
  type ProxyTraits,
  redirected,
  type TranslationSettings,
  translateForwarded,
  translateIngressOwn,
  translateOutbound,
  translateOwn,
} from "@isthmus/envoy";
import type { WorkloadCertificate } from "@isthmus/identity";
import { type Collection, type DerivationGraph, type Source, structuralEquals } from "@isthmus/reactor";
import type { LoadDataSource, Registry } from "@isthmus/resources";
import { WeakValues } from "@isthmus/std";
import {
  type DnsRecord,
  type Exposure,
  ingressServiceExposures,
  type Outbound,
  outboundsFor,
  outboundsToService,
  type Proxy,
  type Service,
  type TopologyCollections,
  type World,
} from "@isthmus/topology";
import type { EncodedResource } from "@isthmus/xds";
import { ADMIN_CLIENT, type AdminWish } from "./admin-wish.ts";
import { certificateWishes, type ProxyWish, wishKey } from "./certificate-wishes.ts";
import type { FollowedProxy } from "./followed-proxy.ts";
import { type IssuedIdentity, proxyConfiguration, secretsOf, translationOf } from "./proxy-configuration.ts";
import type { OutboundPart } from "./shared-outbounds.ts";
import type { EncodedPart, SnapshotEncoder } from "./snapshot-encoder.ts";

/** What a proxy shares with no other. */
export interface OwnPart {
  /** Whose shared parts it has. Undefined: all is in its own part. */
  readonly outboundClass: string | undefined;
  readonly part: EncodedPart;
  /** All that it may refer to. */
  readonly secrets: readonly EncodedResource[];
  /** `address:port` of its inbounds. */
  readonly places: readonly string[];
}

/** Of a certificate that cannot be made now. */
export const FAILED = "failed";

export interface ConfigurationGraph {
  readonly followed: Source<FollowedProxy>;
  readonly certificates: Source<WorkloadCertificate | typeof FAILED>;
  readonly wishes: Collection<readonly ProxyWish[]>;
  /** By key of the class and of the outbound; see `classOfPart`. */
  readonly shared: Collection<OutboundPart>;
  readonly own: Collection<OwnPart>;
}

export interface ConfigurationGraphOptions {
  readonly registry: Registry;
  readonly settings: TranslationSettings;
  readonly encoder: SnapshotEncoder;
  readonly loaderOf: (mesh: string, world: World) => LoadDataSource;
}

interface ClassOutbound {
  readonly outboundClass: string;
  readonly outbound: Outbound;
}

const SEPARATOR = "\u0000";

export function configurationGraph(
  graph: DerivationGraph,
  tables: TopologyCollections,
  { registry, settings, encoder, loaderOf }: ConfigurationGraphOptions,
): ConfigurationGraph {
  const followed = graph.source<FollowedProxy>("proxies/followed");
  const certificates = graph.source<WorkloadCertificate | typeof FAILED>("proxies/certificates");
  const wishes: Collection<readonly ProxyWish[]> = graph.map("proxies/wishes", followed, (proxy, _, read) => {
    const world = tables.worldOf(read);
    return certificateWishes(proxy, { world, registry, loaderOf: (mesh) => loaderOf(mesh, world) });
  });
  const shownClasses = new WeakValues<OutboundClass>();
  const classOf: Collection<OutboundClass> = graph.map("proxies/class-of", followed, (proxy, key, read) => {
    const world = tables.worldOf(read);
    const dataplane = proxy.id.type === "dataplane" ? world.proxy(proxy.id.mesh, proxy.id.name) : undefined;
    if (dataplane === undefined) return undefined;
    const wished = (read.get(wishes, key) ?? []).filter((wish) => wish.kind === "mesh");
    const translation = translationOf(proxy, wished, world, settings);
    const made = outboundClassOf(redirected(dataplane, translation), translation);
    return made === undefined ? undefined : sharedClass(made, shownClasses);
  });
  const classes = graph.flatMap<OutboundClass, OutboundClass>("proxies/classes", classOf, (each) => [[each.key, each]]);
  const names = graph.map<OutboundClass, readonly DnsRecord[]>("proxies/names", classes, (each, _, read) =>
    namesOf(each, tables.worldOf(read)),
  );
  const outbounds = outboundCollection(graph, tables, classes);
  const toServices = graph.map<ClassOutbound, OutboundPart>(
    "proxies/outbound-parts",
    outbounds,
    ({ outboundClass, outbound }, _, read) => {
      const ofClass = read.get(classes, outboundClass);
      if (ofClass === undefined) return undefined;
      const config = translateOutbound(ofClass, outbound, { world: tables.worldOf(read), settings });
      return { part: encoder.part(config), place: placeOf(outbound) };
    },
  );
  const ingresses = ingressCollections(graph, tables, followed, encoder);
  const shared = graph.merge("proxies/shared", [toServices, ingresses.forwarded]);
  const own: Collection<OwnPart> = graph.map("proxies/own", followed, (connected, key, read) => {
    const issued: IssuedIdentity[] = [];
    let adminTls: AdminTls | undefined;
    for (const wish of read.get(wishes, key) ?? []) {
      const certificate = read.get(certificates, wishKey(key, wish));
      if (certificate === undefined) return undefined;
      if (certificate === FAILED) {
        // Without its certificate it could only be less secure than it is to be.
        if (wish.kind === "mesh") return undefined;
      } else if (wish.kind === "mesh") issued.push({ wish, certificate });
      else adminTls = adminTlsOf(wish, certificate);
    }
    const proxy = withAdmin(connected, adminTls);
    const world = tables.worldOf(read);
    const ofClass = read.get(classOf, key);
    const ingress =
      proxy.id.type === "ingress" ? world.zoneIngresses().find(({ name }) => name === proxy.id.name) : undefined;
    if (ingress !== undefined) {
      const translation = translationOf(proxy, [], world, settings);
      const config = translateIngressOwn(ingress, read.all(ingresses.chains), translation);
      return { ...encoded(config, new Map(), encoder), outboundClass: ingressClass(proxy), places: [] };
    }
    if (ofClass === undefined) {
      const whole = proxyConfiguration(proxy, issued, world, settings);
      if (whole === undefined) return undefined;
      return { ...encoded(whole.config, whole.secrets, encoder), outboundClass: undefined, places: [] };
    }
    const dataplane = world.proxy(proxy.id.mesh, proxy.id.name);
    if (dataplane === undefined) return undefined;
    const wished = issued.map(({ wish }) => wish);
    const translation = translationOf(proxy, wished, world, settings);
    const records = ofClass.names === undefined ? [] : (read.get(names, ofClass.key) ?? []);
    const config = translateOwn(redirected(dataplane, translation), translation, records);
    const places = dataplane.inbounds.map(placeOf).filter((place) => place !== undefined);
    return { ...encoded(config, secretsOf(proxy, issued, world), encoder), outboundClass: ofClass.key, places };
  });
  return { followed, certificates, wishes, shared, own };
}

/** Equal ones are one object: what thousands of proxies have in common would otherwise be kept for each. */
function sharedClass(made: OutboundClass, classes: WeakValues<OutboundClass>): OutboundClass {
  const known = classes.peek(made.key);
  if (known !== undefined && structuralEquals(known, made)) return known;
  classes.set(made.key, made);
  return made;
}

function encoded(
  config: EnvoyConfig,
  secrets: ReadonlyMap<string, object>,
  encoder: SnapshotEncoder,
): Pick<OwnPart, "part" | "secrets"> {
  const part = encoder.part(config);
  const problems = [...part.problems];
  const encodedSecrets = encoder.all("secret", secrets, problems);
  return { part: { ...part, problems }, secrets: encodedSecrets };
}

/** What ingresses forward, service by service: an instance that comes or goes is no reason to look at the others. */
function ingressCollections(
  graph: DerivationGraph,
  tables: TopologyCollections,
  followed: Collection<FollowedProxy>,
  encoder: SnapshotEncoder,
): { readonly chains: Collection<ForwardedChain>; readonly forwarded: Collection<OutboundPart> } {
  const classes = graph.flatMap<FollowedProxy, ProxyTraits>("proxies/ingress-classes", followed, (proxy) =>
    proxy.id.type === "ingress" ? [[ingressClass(proxy), { ...NO_TRAITS, features: proxy.traits.features }]] : [],
  );
  const exposures = graph.flatMap<Service, Exposure>("proxies/exposures", tables.services, (service, key, read) =>
    read.all(classes).length === 0
      ? []
      : ingressServiceExposures(service, tables.worldOf(read)).exposures.map((exposure) => [
          [key, exposure.port].join(SEPARATOR),
          exposure,
        ]),
  );
  const chains = graph.map<Exposure, ForwardedChain>("proxies/ingress-chains", exposures, (exposure, _, read) =>
    forwardedChain(exposure, tables.worldOf(read)),
  );
  const forwarded = graph.flatMap<Exposure, OutboundPart>("proxies/forwarded", exposures, (exposure, key, read) =>
    [...read.entries(classes)].map(([ofClass, traits]) => {
      const config = translateForwarded(exposure, { world: tables.worldOf(read), traits });
      return [[ofClass, key].join(SEPARATOR), { part: encoder.part(config), place: undefined }];
    }),
  );
  return { chains, forwarded };
}

/** Ingresses that call things alike. */
function ingressClass({ traits }: FollowedProxy): string {
  return `ingress ${[...traits.features].sort().join(" ")}`;
}

/** Service by service where traffic is redirected: one that changes is no reason to look at the others. */
function outboundCollection(
  graph: DerivationGraph,
  tables: TopologyCollections,
  classes: Collection<OutboundClass>,
): Collection<ClassOutbound> {
  const entriesOf = (outboundClass: string, outbounds: readonly Outbound[]): [string, ClassOutbound][] =>
    outbounds.map((outbound) => [
      [outboundClass, JSON.stringify(outbound)].join(SEPARATOR),
      { outboundClass, outbound },
    ]);
  const clients = graph.map("proxies/clients", classes, ({ proxy }) => proxy);
  const listed = graph.flatMap<Proxy, ClassOutbound>("proxies/listed-outbounds", clients, (proxy, key, read) =>
    proxy.isTransparent ? [] : entriesOf(key, outboundsFor(proxy, tables.worldOf(read))),
  );
  const redirectedTo = graph.flatMap<Service, ClassOutbound>(
    "proxies/redirected-outbounds",
    tables.services,
    (service, _, read) =>
      [...read.entries(clients)]
        .filter(([, { mesh, isTransparent }]) => isTransparent && mesh === service.mesh)
        .flatMap(([key, proxy]) => entriesOf(key, outboundsToService(proxy, service, tables.worldOf(read)))),
  );
  return graph.merge("proxies/outbounds", [listed, redirectedTo]);
}

/** Of a key of `shared`. */
export function classOfPart(key: string): string {
  return key.slice(0, key.indexOf(SEPARATOR));
}

function placeOf({ address, port }: Pick<Outbound, "address" | "port">): string | undefined {
  return address === undefined ? undefined : `${address}:${port}`;
}

function adminTlsOf({ ca }: AdminWish, { chain, key }: WorkloadCertificate): AdminTls {
  return { certificate: chain, key, ca: ca.cert, clientName: ADMIN_CLIENT };
}

function withAdmin(proxy: FollowedProxy, tls: AdminTls | undefined): FollowedProxy {
  const { admin } = proxy.traits;
  return admin === undefined ? proxy : { ...proxy, traits: { ...proxy.traits, admin: { ...admin, tls } } };
}
