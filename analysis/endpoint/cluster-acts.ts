/** What audit records of Kubernetes say by themselves: shells in pods, rights over the cluster, pods that reach the node, secrets, strangers. */
import { SEVERITY_ORDER, type Severity } from '../../protocol/index.ts';
import { textsOf, type LogEvent } from '../events/index.ts';
import { classifyCommand } from './classify.ts';
import { podReachOf } from './pod-reach.ts';
import { accusingOf, severityOf } from './gravity.ts';
import type { EventSignal } from './signals.ts';

/** Whether an event is an audit record of Kubernetes. */
export const isClusterAudit = ({ origin }: LogEvent): boolean =>
  origin.product === 'kubernetes' && origin.service === 'audit';

/** Whether such a record can be judged: reading, and what is made of pods and rights as far as the record holds it. */
export function isJudgedAct(event: LogEvent): boolean {
  const { verb, resource, subresource, is_whole } = actOf(event);
  if (READING.has(verb) || subresource === 'exec' || subresource === 'attach') return true;
  return is_whole && (BINDINGS.has(resource) || PODS.has(resource) || ROUTINE.has(resource));
}

/** The statement of one record; undefined for nearly all of them. */
export function clusterActOf(event: LogEvent): EventSignal | undefined {
  const act = actOf(event);
  if (!act.is_done) return undefined;
  for (const read of ACTS) {
    const found = read(act, event);
    if (found) return found;
  }
  return undefined;
}

/** Whose secrets of which namespace a service account listed; undefined for anything else. */
export function secretsListed(event: LogEvent): { user: string; namespace: string } | undefined {
  const { is_done, verb, resource, user, namespace, kind } = actOf(event);
  if (!is_done || verb !== 'list' || resource !== 'secrets' || kind !== 'service account' || namespace === '')
    return undefined;
  return { user, namespace };
}

/** The fields that evidence of such a record shows. */
export const CLUSTER_FIELDS = [
  'verb',
  'requestURI',
  'user.username',
  'sourceIPs',
  'userAgent',
  'objectRef.namespace',
  'objectRef.name',
  'responseStatus.code',
];

interface Act {
  verb: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  user: string;
  kind: 'anonymous' | 'service account' | 'system' | 'user';
  agent: string;
  uri: string;
  said: string;
  /** It was allowed, and this record tells its end: others tell of the same request before. */
  is_done: boolean;
  /** The record holds what was asked for. */
  is_whole: boolean;
}

function actOf(event: LogEvent): Act {
  const text = (name: string) => textsOf(event, name)[0] ?? '';
  const user = text('user.username');
  const code = Number(text('responseStatus.code') || '200');
  const said = CLUSTER_FIELDS.flatMap((name) => (text(name) === '' ? [] : [`${name}=${text(name)}`])).join(' · ');
  return {
    verb: text('verb'),
    resource: text('objectRef.resource'),
    subresource: text('objectRef.subresource'),
    namespace: text('objectRef.namespace'),
    name: text('objectRef.name'),
    user,
    kind: kindOf(user, textsOf(event, 'user.groups')),
    agent: text('userAgent'),
    uri: text('requestURI'),
    said,
    is_done:
      text('stage') !== 'RequestReceived' &&
      text('annotations.authorization.k8s.io/decision') !== 'forbid' &&
      code < REFUSED_FROM,
    is_whole: event.fields.has('requestObject') || text('verb') === 'delete',
  };
}

function kindOf(user: string, groups: readonly string[]): Act['kind'] {
  if (user === 'system:anonymous' || groups.includes('system:unauthenticated')) return 'anonymous';
  if (user.startsWith('system:serviceaccount:kube-system:')) return 'system';
  if (user.startsWith('system:serviceaccount:')) return 'service account';
  return user.startsWith('system:') ? 'system' : 'user';
}

type ReadAct = (act: Act, event: LogEvent) => EventSignal | undefined;

/** A shell in a pod is an administrator's everyday, and no workload's; what is run in it is judged as any command. */
const exec: ReadAct = ({ resource, subresource, kind, user, namespace, name, uri, said }) => {
  if (resource !== 'pods' || (subresource !== 'exec' && subresource !== 'attach')) return undefined;
  const command = commandIn(uri);
  const sign = accusingOf(classifyCommand(command).signs);
  const by_command = sign && !sign.is_mention ? severityOf(sign) : 'info';
  const by_user = EXEC_BY[kind];
  return {
    rule: 'cluster/exec',
    title: `${user || 'somebody'} ran ${command === '' ? 'a command' : command.slice(0, SHOWN_CHARS_MAX)} in the pod ${namespace}/${name}${sign && by_command !== 'info' ? `, which ${sign.title}` : ''}`,
    technique: 'T1609',
    severity: graver(by_command, by_user),
    subject: `${user} ${namespace}/${name} ${by_command === 'info' ? '' : command}`,
    text: said,
  };
};

const binding: ReadAct = ({ verb, resource, kind, user, name, said }, event) => {
  if (!BINDINGS.has(resource) || !WRITING.has(verb) || user === 'system:apiserver') return undefined;
  const [role = ''] = textsOf(event, 'requestObject.roleRef.name');
  if (role !== 'cluster-admin') return undefined;
  const subjects = textsOf(event, 'requestObject.subjects.name');
  const to_all = subjects.find((subject) => EVERYBODY.has(subject));
  return {
    rule: 'cluster/admin-bound',
    title: `${user || 'somebody'} gave ${subjects.slice(0, SUBJECTS_SHOWN_MAX).join(', ') || 'somebody'} the rights of cluster-admin (${name || 'a binding'})`,
    technique: 'T1098.006',
    severity:
      to_all !== undefined || kind === 'anonymous' ? 'critical' : kind === 'service account' ? 'high' : 'medium',
    subject: `${user} ${name}`,
    text: `${said} · roleRef=${role} · subjects=${subjects.slice(0, SUBJECTS_SHOWN_MAX).join(',')}`,
  };
};

const pod: ReadAct = ({ verb, resource, kind, user, namespace, name, said }, event) => {
  if (!PODS.has(resource) || !WRITING.has(verb)) return undefined;
  // Controllers make pods out of what somebody else asked for; that asking is judged.
  if (kind === 'system' || namespace === 'kube-system') return undefined;
  const reach = podReachOf(event.fields.get('requestObject'));
  if (!reach) return undefined;
  const severity = kind === 'user' && resource !== 'pods' ? lowered(reach.severity) : reach.severity;
  return {
    rule: 'cluster/pod-reaches-node',
    title: `${user || 'somebody'} made ${resource === 'pods' ? 'a pod' : `pods (${resource})`} ${namespace}/${name || reach.name} that ${reach.how.join(' and ')}`,
    technique: reach.is_privileged || reach.severity === 'high' ? 'T1611' : 'T1610',
    severity: kind === 'anonymous' ? 'critical' : severity,
    subject: `${user} ${namespace}/${name || reach.name}`,
    text: `${said} · ${reach.how.join(', ')}`,
  };
};

/** Operators list secrets to watch them from then on, as informers do; a person with the token of a workload does not. */
const secrets: ReadAct = ({ verb, resource, namespace, kind, user, agent, uri, said }) => {
  if (resource !== 'secrets' || verb !== 'list' || namespace !== '' || kind !== 'service account') return undefined;
  const is_by_hand = BY_HAND.test(agent);
  if (!is_by_hand && /[?&]resourceVersion=/.test(uri)) return undefined;
  return {
    rule: 'cluster/secrets-listed',
    title: `${user} listed the secrets of all namespaces${is_by_hand ? ` with ${agent.split(' ', 1)[0] ?? ''}` : ''}`,
    technique: 'T1552.007',
    severity: is_by_hand ? 'high' : 'low',
    subject: user,
    text: said,
  };
};

/** Whoever has no name may ask for health and version, and for what joins a node. */
const anonymous: ReadAct = ({ kind, verb, resource, subresource, namespace, name, uri, said }) => {
  if (kind !== 'anonymous') return undefined;
  const path = uri.split('?', 1)[0] ?? '';
  if (OPEN_PATHS.test(path) || (resource === 'configmaps' && namespace === 'kube-public' && name === 'cluster-info'))
    return undefined;
  if (resource === 'selfsubjectaccessreviews' || resource === 'selfsubjectrulesreviews') return undefined;
  const what = [resource, subresource].filter((part) => part !== '').join('/') || path;
  return {
    rule: 'cluster/anonymous',
    title: `somebody without a name was allowed to ${verb} ${what}${namespace === '' ? '' : ` in ${namespace}`}`,
    technique: 'T1078.001',
    severity: WRITING.has(verb) || verb === 'delete' || resource === 'secrets' ? 'critical' : 'high',
    subject: `${verb} ${what} ${namespace}`,
    text: said,
  };
};

/** The first that says something of a record is told: what was done, before who was let in to do it. */
const ACTS: readonly ReadAct[] = [binding, pod, exec, secrets, anonymous];

/** The words of `?command=…&command=…`. */
function commandIn(uri: string): string {
  const query = uri.slice(uri.indexOf('?') + 1, URI_CHARS_MAX);
  return uri.includes('?') ? new URLSearchParams(query).getAll('command').join(' ') : '';
}

const graver = (one: Severity, other: Severity): Severity =>
  SEVERITY_ORDER.indexOf(one) > SEVERITY_ORDER.indexOf(other) ? one : other;
const lowered = (severity: Severity): Severity =>
  SEVERITY_ORDER[Math.max(0, SEVERITY_ORDER.indexOf(severity) - 1)] ?? severity;

const EXEC_BY: Readonly<Record<Act['kind'], Severity>> = {
  anonymous: 'critical',
  'service account': 'high',
  system: 'medium',
  user: 'info',
};
const READING = new Set(['get', 'list', 'watch']);
const WRITING = new Set(['create', 'update', 'patch']);
const BINDINGS = new Set(['clusterrolebindings', 'rolebindings']);
const PODS = new Set(['pods', 'deployments', 'daemonsets', 'statefulsets', 'replicasets', 'jobs', 'cronjobs']);
/** What every cluster writes without end. */
const ROUTINE = new Set(['leases', 'events', 'endpoints', 'endpointslices', 'tokenreviews', 'subjectaccessreviews']);
const EVERYBODY = new Set([
  'system:anonymous',
  'system:unauthenticated',
  'system:authenticated',
  'system:serviceaccounts',
]);
/** Programs that somebody types into. */
const BY_HAND = /^(?:kubectl|curl|wget|python-requests|httpie|kubeletctl|k9s|peirates)\b/i;
const OPEN_PATHS = /^\/(?:healthz|livez|readyz|version|metrics|openapi|\.well-known)(?:\/|$)|^\/(?:apis?)?\/?$/;
const REFUSED_FROM = 400;
const SHOWN_CHARS_MAX = 120;
const SUBJECTS_SHOWN_MAX = 5;
const URI_CHARS_MAX = 16_384;
