/** What peers can observe, frozen: change it on purpose, with a line in CHANGELOG.md (house.md 8.25). */
import { expect, test } from 'vitest';
import { agents } from '../agents/index.ts';
import { ABOUT } from '../orchestrator/index.ts';
import {
  cardOf,
  FRAME_LIMITS,
  HelloResult,
  INLINE_BYTES_MAX,
  MESH_BINDING,
  MESH_PROTOCOL,
  routeList,
  Routing,
  SKILLS_EXTENSION,
  SkillTraits,
  streamList,
  Task,
  TaskEvent,
  TaskState,
} from '../protocol/index.ts';
import { FRAME_QUOTA, LINK_LIMITS, PEER_LIMITS } from '../mesh/index.ts';

test('the names on the wire', () => {
  expect([MESH_PROTOCOL, MESH_BINDING, SKILLS_EXTENSION]).toEqual([
    'mesh.v1',
    'urn:aurora-mesh:binding:json-rpc-websocket:v1',
    'urn:aurora-mesh:extension:skills:v1',
  ]);
});

test('the methods of the orchestrator', () => {
  expect(ABOUT.skills.map(({ id }) => id)).toEqual([
    'investigate',
    'handoff',
    'task/get',
    'task/list',
    'task/cancel',
    'task/subscribe',
    'task/history',
    'task/redrive',
    'task/resolve',
    'ledger/verify',
    'ledger/backup',
    'approval/list',
    'approval/decide',
    'approval/request',
    'approval/consume',
    'agent/register',
    'agent/renew',
    'agent/leave',
    'agent/list',
    'agent/tools',
    'blob/grant',
  ]);
});

test('the specialists and their skills', async () => {
  const offered = await Promise.all(
    Object.values(agents).map(async (load) => {
      const { id, skills } = await load();
      return [
        id,
        ...skills.map((skill) => `${skill.id} ${skill.effect}${skill.routable === false ? ' not routable' : ''}`),
      ];
    }),
  );
  // A newcomer pins its own skills, in the test that comes with it.
  expect(offered).toEqual(
    expect.arrayContaining([
      [
        'threat-intel',
        'analyze_threat read',
        'extract_iocs read',
        'map_text_to_attack read',
        'enrich_iocs read',
        'import_intel read',
        'export_stix read',
      ],
      [
        'email-security',
        'analyze_email read',
        'check_authentication read',
        'analyze_url read',
        'analyze_threat read not routable',
      ],
      [
        'web-security',
        'analyze_access_log read',
        'analyze_http read',
        'explain_payload read',
        'analyze_threat read not routable',
      ],
      [
        'security-analyst',
        'triage_alert read',
        'correlate_alerts read',
        'deduplicate_alerts read',
        'analyze_threat read not routable',
      ],
      [
        'threat-hunter',
        'run_sigma read',
        'search_logs read',
        'hunt_hypothesis read',
        'explain_rule read',
        'test_rule read',
        'analyze_threat read not routable',
      ],
      [
        'forensic-analyst',
        'parse_evtx read',
        'parse_artifact read',
        'build_timeline read',
        'collect_evidence read',
        'verify_custody read',
        'analyze_threat read not routable',
      ],
      [
        'endpoint-security',
        'analyze_process_tree read',
        'check_lolbins read',
        'check_drivers read',
        'assess_endpoint read',
        'propose_isolation read',
        'analyze_threat read not routable',
      ],
      [
        'incident-responder',
        'contain_endpoint idempotent',
        'release_endpoint idempotent',
        'plan_response read',
        'analyze_threat read not routable',
      ],
    ]),
  );
});

test('the members of a card, a hello, a routing, a task and an event', async () => {
  const agent = await agents['threat-intel']!();
  const card = cardOf(agent, 'ws://127.0.0.1:9002');
  expect(Object.keys(card)).toEqual([
    'name',
    'description',
    'version',
    'supportedInterfaces',
    'capabilities',
    'defaultInputModes',
    'defaultOutputModes',
    'skills',
  ]);
  expect(Object.keys(SkillTraits.shape)).toEqual([
    'effect',
    'action_class',
    'routable',
    'concurrency',
    'targets',
    'effect_kinds',
    'investigates',
  ]);
  expect(Object.keys(HelloResult.shape)).toEqual([
    'agent',
    'capabilities',
    'limits',
    'heartbeat_ms',
    'in_flight',
    'version',
    'connection_id',
    'server_time',
    'card_digest',
    'proof',
  ]);
  expect(Object.keys(Routing.shape).join(' ')).toBe(
    'handoff_id task_id root_id parent_id from to reason hop path mode priority attempt fence deadline budget_ms ' +
      'idempotency_key actor approval refs untrusted blobs',
  );
  expect(Object.keys(Task.shape).join(' ')).toBe(
    'task_id root_id parent_id state outcome simulated agent_id skill reason hop path mode priority created_at updated_at deadline attempts result error late_result redriven_as resolved',
  );
  expect(Object.keys(TaskEvent.shape)).toEqual(['task_id', 'seq', 'at', 'kind', 'value']);
  expect(TaskState.options).toEqual([
    'submitted',
    'working',
    'input_required',
    'auth_required',
    'completed',
    'failed',
    'canceled',
    'rejected',
  ]);
});

test('the bounds', () => {
  expect({
    ...FRAME_LIMITS,
    ...PEER_LIMITS,
    ...FRAME_QUOTA,
    ...LINK_LIMITS,
    inline_bytes_max: INLINE_BYTES_MAX,
  }).toEqual({
    depth_max: 64,
    batch_max: 32,
    values_max: 400_000,
    in_flight_max: 64,
    in_flight_bytes_max: 33_554_432,
    frame_bytes_max: 4_194_304,
    pending_max: 10_000,
    push_back_bytes: 1_048_576,
    stall_ms_max: 30_000,
    cancel_grace_ms: 2_000,
    frames_per_s: 200,
    burst_frames: 1_000,
    unsent_bytes_max: 8_388_608,
    ping_ms: 7_000,
    silence_ms_max: 20_000,
    handshake_ms_max: 5_000,
    inline_bytes_max: 262_144,
  });
});

test('the routes of the API, who may use them, and its streams', () => {
  const routes = routeList.map(([name, { method, path, permission }]) => `${name}: ${method} ${path} [${permission}]`);
  const streams = streamList.map(([name, { path, shows }]) => `${name}: ${path} [${shows}]`);
  expect([...routes, ...streams]).toMatchInlineSnapshot(`
    [
      "auth.providers: GET /api/v1/auth/providers [PUB]",
      "auth.token: POST /api/v1/auth/token [PUB]",
      "auth.refresh: POST /api/v1/auth/refresh [PUB]",
      "auth.logout: POST /api/v1/auth/logout [AUTH]",
      "auth.listKeys: GET /api/v1/auth/api-keys [AUTH]",
      "auth.getKey: GET /api/v1/auth/api-keys/{key_id} [AUTH]",
      "auth.createKey: POST /api/v1/auth/api-keys [AUTH]",
      "auth.revokeKey: DELETE /api/v1/auth/api-keys/{key_id} [AUTH]",
      "users.me: GET /api/v1/users/me [AUTH]",
      "users.changePassword: POST /api/v1/users/me/password [AUTH]",
      "users.list: GET /api/v1/users [Admin]",
      "users.create: POST /api/v1/users [Admin]",
      "users.get: GET /api/v1/users/{username} [Admin]",
      "users.update: PATCH /api/v1/users/{username} [Admin]",
      "users.remove: DELETE /api/v1/users/{username} [Admin]",
      "alerts.list: GET /api/v1/alerts [alerts:read]",
      "alerts.create: POST /api/v1/alerts [alerts:write]",
      "alerts.bulk: POST /api/v1/alerts/bulk [alerts:write]",
      "alerts.get: GET /api/v1/alerts/{alert_id} [alerts:read]",
      "alerts.update: PATCH /api/v1/alerts/{alert_id} [alerts:write]",
      "alerts.acknowledge: POST /api/v1/alerts/{alert_id}/acknowledge [alerts:write]",
      "investigations.list: GET /api/v1/investigations [investigations:read]",
      "investigations.get: GET /api/v1/investigations/{investigation_id} [investigations:read]",
      "investigations.events: GET /api/v1/investigations/{investigation_id}/events [investigations:read]",
      "investigations.investigate: POST /api/v1/agents/investigate [investigations:write]",
      "investigations.cancel: POST /api/v1/investigations/{investigation_id}/cancel [investigations:write]",
      "investigations.grantBlob: POST /api/v1/blobs/grant [investigations:write]",
      "orchestrator.dispatch: POST /api/v1/orchestrator/dispatch [investigations:write]",
      "orchestrator.history: GET /api/v1/orchestrator/history [investigations:read]",
      "orchestrator.task: GET /api/v1/orchestrator/tasks/{task_id} [investigations:read]",
      "orchestrator.events: GET /api/v1/orchestrator/tasks/{task_id}/events [investigations:read]",
      "orchestrator.cancel: POST /api/v1/orchestrator/tasks/{task_id}/cancel [investigations:write]",
      "approvals.list: GET /api/v1/approvals [approvals:read]",
      "approvals.get: GET /api/v1/approvals/{approval_id} [approvals:read]",
      "approvals.approve: POST /api/v1/approvals/{approval_id}/approve [approvals:decide]",
      "approvals.reject: POST /api/v1/approvals/{approval_id}/reject [approvals:decide]",
      "agents.list: GET /api/v1/agents [agents:read]",
      "agents.get: GET /api/v1/agents/{agent_id} [agents:read]",
      "agents.drain: POST /api/v1/agents/{agent_id}/drain [agents:write]",
      "agents.resume: POST /api/v1/agents/{agent_id}/resume [agents:write]",
      "agents.tools: GET /api/v1/agents/{agent_id}/tools [agents:read]",
      "agents.toolCalls: GET /api/v1/agents/{agent_id}/tool-calls [agents:read]",
      "agents.mcpHealth: GET /api/v1/mcp/health [agents:read]",
      "agents.inference: GET /api/v1/inference/status [agents:read]",
      "system.settings: GET /api/v1/settings/runtime [system:read]",
      "system.updateSettings: PATCH /api/v1/settings/runtime [system:write]",
      "system.audit: GET /api/v1/audit [Admin]",
      "system.metrics: GET /metrics [AUTH]",
      "system.ticket: POST /api/v1/ws/ticket [AUTH]",
      "system.openapi: GET /api/v1/openapi.json [PUB]",
      "system.health: GET /health [PUB]",
      "system.liveness: GET /health/liveness [PUB]",
      "system.readiness: GET /health/readiness [PUB]",
      "alerts: /api/v1/ws/alerts [alerts:read]",
      "agentThoughts: /api/v1/ws/agent-thoughts [investigations:read]",
      "investigationReceipts: /api/v1/ws/investigation-receipts [investigations:read]",
      "toolCalls: /api/v1/ws/agents/{agent_id}/tool-calls [agents:read]",
      "approvals: /api/v1/ws/approvals [approvals:read]",
    ]
  `);
});
