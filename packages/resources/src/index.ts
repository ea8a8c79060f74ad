export { type DataplaneAdmission, meshMembershipError, prepareDataplane } from "./dataplane-admission.ts";
export {
  defineLegacyPolicy,
  definePolicy,
  defineType,
  type FlowPart,
  flow,
  json,
  type LegacyPolicyDefinition,
  openObject,
  type PolicyDefinition,
  pluralOf,
  protobuf,
  type TypeDefinition,
} from "./define-type.ts";
export {
  enumOf,
  flagOf,
  labelsOf,
  listOf,
  messageOf,
  numberOf,
  objectOf,
  objectsOf,
  PORT_MAX,
  portOf,
  textOf,
  textsOf,
} from "./fields.ts";
export { hashedName } from "./hashed-name.ts";
export { isInsightOnline, isOpenSubscription, type ProxyStatus, proxyStatus } from "./insight-status.ts";
export { type RefOf, resourceSchemas, specSchema } from "./json-schema.ts";
export {
  type DecodedSpec,
  decodeSpec,
  decodeStatus,
  type EncodedSpec,
  encodeSpec,
  encodeStatus,
  SpecEncodingError,
} from "./kds-codec.ts";
export { isLocalKri, type Kri, kriOf, kriText, parseKri } from "./kri.ts";
export { kubernetesManifest, SYSTEM_NAMESPACE } from "./kubernetes-manifest.ts";
export {
  byteLength,
  dns1035LabelErrors,
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  isDns1123Subdomain,
  labelValueErrors,
  qualifiedNameErrors,
} from "./kubernetes-names.ts";
export {
  DELETION_GRACE_PERIOD_LABEL,
  DISPLAY_NAME_LABEL,
  EFFECT_LABEL,
  ENV_LABEL,
  isReservedLabel,
  KDS_SYNC_LABEL,
  LISTENER_ZONE_EGRESS_LABEL,
  LISTENER_ZONE_INGRESS_LABEL,
  MANAGED_BY_LABEL,
  MESH_LABEL,
  NAMESPACE_LABEL,
  ORIGIN_LABEL,
  POLICY_ROLE_LABEL,
  PROXY_TYPE_LABEL,
  SERVICE_ACCOUNT_LABEL,
  WORKLOAD_LABEL,
  ZONE_LABEL,
} from "./label-keys.ts";
export {
  deletionViolations,
  immutableLabelViolations,
  labelViolations,
  type WriterContext,
  workloadLabelError,
} from "./label-rules.ts";
export { computeLabels, displayName, homeZone, isLocallyOriginated, type LabelOptions } from "./labels.ts";
export { logForm, MASK } from "./log-form.ts";
export { NAME_MAX_BYTES, nameDeprecations, nameViolations } from "./names.ts";
export {
  computePolicyRole,
  type PolicyNamespace,
  type PolicyRole,
  PolicyRoleError,
  policyRole,
} from "./policy-role.ts";
export { commonProtocol, type Protocol, parseProtocol, SUPPORTED_PROTOCOLS } from "./protocol.ts";
export { isReadOnly } from "./read-only.ts";
export { DuplicateTypeError, Registry } from "./registry.ts";
export { describeKey, keyOf, type Labels, type Resource, type ResourceKey } from "./resource.ts";
export { describeFailure, type FileProblem, parseResourceFile, type ResourceFile } from "./resource-file.ts";
export {
  type ParseFailure,
  type ParseOptions,
  parseResource,
  resourceToRest,
  restText,
  ZERO_TIME,
} from "./rest-codec.ts";
export type { ObjectSchema, Property, Schema } from "./schema.ts";
export { decodeWithSchema, type UnknownMembers } from "./schema-decoder.ts";
export { applyDefaults } from "./schema-defaults.ts";
export { schemaViolations } from "./schema-validator.ts";
export { type SniSection, sniDeprecations, sniErrors, sniSections, snisOf, sniText } from "./sni.ts";
export type {
  KdsFlow,
  PolicyTraits,
  Scope,
  SpecFormat,
  TypeDescriptor,
  ValidationContext,
} from "./type-descriptor.ts";
export { builtinTypes } from "./types/all.gen.ts";
export { type DataSource, dataSourceFrom } from "./validate/data-source.ts";
export { sectionName } from "./validate/dataplane-listeners.ts";
export { goQuote } from "./validate/go-quote.ts";
export { parseTemplate, renderTemplate, type Template, type TemplateData } from "./validate/go-template.ts";
export {
  builtinCaSecrets,
  type LoadDataSource,
  secretUsedByMesh,
  validateCaBackends,
  validateMeshCreate,
  validateMeshUpdate,
} from "./validate/mesh-ca.ts";
export { type ValidateOptions, validateResource } from "./validate-resource.ts";
export { at, entry, formatViolations, member, type Violation, Violations } from "./violation.ts";
export { parseYaml11, parseYamlDocuments, type YamlDocument, type YamlError } from "./yaml-documents.ts";
