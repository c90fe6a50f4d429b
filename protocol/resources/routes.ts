/** Every route and every stream there is: one table, read by server, client, documents and conformance. */
import type { RouteSpec } from '../route.ts';
import type { StreamSpec } from '../stream.ts';
import { agentRoutes, agentStreams } from './agents.ts';
import { alertRoutes, alertStreams } from './alerts.ts';
import { approvalRoutes, approvalStreams } from './approvals.ts';
import { authRoutes } from './auth.ts';
import { investigationRoutes, investigationStreams } from './investigations.ts';
import { orchestratorRoutes } from './orchestrator.ts';
import { systemRoutes } from './system.ts';
import { userRoutes } from './users.ts';

/** By resource, then by what is done: `routes.alerts.acknowledge` is `client.alerts.acknowledge`. */
export const routes = {
  auth: authRoutes,
  users: userRoutes,
  alerts: alertRoutes,
  investigations: investigationRoutes,
  orchestrator: orchestratorRoutes,
  approvals: approvalRoutes,
  agents: agentRoutes,
  system: systemRoutes,
} as const;

/** By name: `streams.agentThoughts`. */
export const streams = {
  ...alertStreams,
  ...investigationStreams,
  ...agentStreams,
  ...approvalStreams,
} as const;

/** All routes with their names, e.g. `alerts.acknowledge`; the name is the operation id of the document. */
export const routeList: readonly (readonly [string, RouteSpec])[] = Object.entries<Record<string, RouteSpec>>(
  routes,
).flatMap(([resource, own]) =>
  Object.entries(own).map(([name, spec]): [string, RouteSpec] => [`${resource}.${name}`, spec]),
);

/** All streams with their names. */
export const streamList: readonly (readonly [string, StreamSpec])[] = Object.entries<StreamSpec>(streams);
