/** How far a pod reaches into the node it runs on: privileges, processes of the host, folders of the host. */
import type { Severity } from '../../protocol/index.ts';
import type { Value } from '../events/index.ts';

/** What of a pod reaches the node. */
export interface PodReach {
  name: string;
  how: string[];
  severity: Severity;
  is_privileged: boolean;
}

/** The reach of a pod, or of the pods that a workload makes, out of its JSON; undefined when there is none. */
export function podReachOf(request: Value | undefined): PodReach | undefined {
  const asked = typeof request === 'string' ? parsed(request) : undefined;
  const spec = specOf(asked, 0);
  if (!spec) return undefined;
  const containers = [
    ...listOf(spec['containers']),
    ...listOf(spec['initContainers']),
    ...listOf(spec['ephemeralContainers']),
  ];
  const is_privileged = containers.some((container) => objectOf(container['securityContext'])['privileged'] === true);
  const sees_processes = spec['hostPID'] === true;
  const mounted = listOf(spec['volumes']).flatMap((volume) => {
    const path = objectOf(volume['hostPath'])['path'];
    if (typeof path !== 'string' || !GRAVE_PATHS.test(path)) return [];
    const mounts = containers
      .flatMap((container) => listOf(container['volumeMounts']))
      .filter(({ name }) => name === volume['name']);
    const is_writable = mounts.some(({ readOnly }) => readOnly !== true) || SOCKETS.test(path);
    return [{ path, is_writable }];
  });
  const writable = mounted.filter(({ is_writable }) => is_writable);
  const how = [
    ...(is_privileged ? ['is privileged'] : []),
    ...(sees_processes ? ['sees the processes of the node'] : []),
    ...writable.map(({ path }) => `mounts ${path} of the node`),
  ];
  if (how.length === 0) return undefined;
  const is_grave = writable.length > 0 || (is_privileged && sees_processes);
  return { name: nameOf(asked), how, is_privileged, severity: is_grave ? 'high' : 'medium' };
}

type Json = Readonly<Record<string, unknown>>;

/** The first `spec` with containers in it: of a pod, of a template, of the template of a scheduled job. */
function specOf(value: Json | undefined, depth: number): Json | undefined {
  const spec = objectOf(value?.['spec']);
  if (Array.isArray(spec['containers'])) return spec;
  const inner = objectOf(spec['jobTemplate'] ?? spec['template']);
  return depth < TEMPLATES_MAX && 'spec' in inner ? specOf(inner, depth + 1) : undefined;
}

function parsed(text: string): Json | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    // Cut where it was too long to be kept: what is left of it says nothing for certain.
    return undefined;
  }
}

const nameOf = (asked: Json | undefined): string => {
  const { name, generateName } = objectOf(asked?.['metadata']);
  return typeof name === 'string' ? name : typeof generateName === 'string' ? generateName : '';
};
const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.map(objectOf) : []);

/** Folders with which a node is taken over when they can be written to. */
const GRAVE_PATHS =
  /^\/(?:etc|root|home|proc|var|var\/lib|var\/lib\/(?:kubelet|docker|etcd)|var\/run|run|(?:var\/)?run\/(?:docker|containerd|crio)(?:\/\S{0,100})?|etc\/(?:kubernetes|cron\.d|systemd)(?:\/\S{0,100})?)?\/?$|\.sock$/;
const SOCKETS = /(?:docker|containerd|crio|cri-dockerd)\.sock$/;
const TEMPLATES_MAX = 3;
