/** Which service wrote an event that is no Windows record: told by the fields that only that service writes. */
import type { LogOrigin, Value } from './event.ts';
import type { Hint } from './normalize.ts';

/** The origin of an event by its fields; what the caller knows goes first. */
export function originOfService(fields: ReadonlyMap<string, Value>, hint: Hint = {}): LogOrigin {
  const has_hint = hint.product !== undefined || hint.service !== undefined || hint.category !== undefined;
  const known = has_hint ? hint : (SIGNS.find(({ fields: names }) => names.every((name) => fields.has(name))) ?? {});
  const { product, service, category } = (known as Sign).refine?.(fields) ?? known;
  const categories = category === undefined ? [] : [category];
  return { product, service, categories, channel: undefined, event_id: undefined };
}

/** Fields that, all present, tell a service; `refine` looks closer. */
interface Sign extends Hint {
  fields: readonly string[];
  refine?: (fields: ReadonlyMap<string, Value>) => Hint;
}

const text = (fields: ReadonlyMap<string, Value>, name: string): string => {
  const value = fields.get(name);
  return typeof value === 'string' ? value : '';
};

/** Zeek names its log in `_path`, or in the file it stands in (then the caller hints). */
const ofZeek = (fields: ReadonlyMap<string, Value>): Hint => {
  const path = text(fields, '_path');
  return { product: 'zeek', service: path, ...(path === 'dns' && { category: 'dns' }) };
};
const ofAzure = (fields: ReadonlyMap<string, Value>): Hint => {
  const category = text(fields, 'category').toLowerCase();
  if (category.includes('signin')) return { product: 'azure', service: 'signinlogs' };
  if (category.includes('audit')) return { product: 'azure', service: 'auditlogs' };
  if (category.includes('risk')) return { product: 'azure', service: 'riskdetection' };
  return { product: 'azure', service: 'activitylogs' };
};

/** Read from top to bottom: the narrower stands first. */
const SIGNS: readonly Sign[] = [
  { fields: ['eventSource', 'eventName', 'awsRegion'], product: 'aws', service: 'cloudtrail' },
  { fields: ['eventSource', 'eventName', 'userIdentity'], product: 'aws', service: 'cloudtrail' },
  { fields: ['_path'], refine: ofZeek },
  { fields: ['uid', 'id.orig_h', 'id.resp_h'], product: 'zeek' },
  {
    fields: ['kind', 'apiVersion', 'auditID', 'verb'],
    product: 'kubernetes',
    service: 'audit',
    category: 'application',
  },
  { fields: ['eventType', 'actor', 'published'], product: 'okta', service: 'okta' },
  { fields: ['protoPayload'], product: 'gcp', service: 'gcp.audit' },
  { fields: ['data.protoPayload'], product: 'gcp', service: 'gcp.audit' },
  { fields: ['Workload', 'Operation'], product: 'm365', service: 'audit' },
  { fields: ['riskEventType'], product: 'azure', service: 'riskdetection' },
  { fields: ['userPrincipalName', 'appDisplayName'], product: 'azure', service: 'signinlogs' },
  { fields: ['activityDisplayName', 'targetResources'], product: 'azure', service: 'auditlogs' },
  { fields: ['operationName', 'category', 'resourceId'], refine: ofAzure },
  { fields: ['auditType.category', 'auditType.action'], product: 'bitbucket', service: 'audit' },
  { fields: ['action', 'actor', '@timestamp', 'org'], product: 'github', service: 'audit' },
  { fields: ['c-uri'], category: 'proxy' },
  { fields: ['cs-method', 'cs-uri-stem'], category: 'webserver' },
  { fields: ['cs-method', 'cs-uri-query'], category: 'webserver' },
  { fields: ['type', 'syscall'], product: 'linux', service: 'auditd' },
  { fields: ['type', 'a0'], product: 'linux', service: 'auditd' },
  { fields: ['type', 'msg', 'auid'], product: 'linux', service: 'auditd' },
  { fields: ['logtype', 'src_host', 'dst_host'], product: 'opencanary', category: 'application' },
];
