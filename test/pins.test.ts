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
  Routing,
  SKILLS_EXTENSION,
  SkillTraits,
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
  expect(offered).toEqual([
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
    ['web-security', 'analyze_access_log read', 'analyze_http read', 'analyze_threat read not routable'],
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
      'analyze_threat read not routable',
    ],
  ]);
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
  expect(Object.keys(SkillTraits.shape)).toEqual(['effect', 'action_class', 'routable', 'concurrency', 'targets']);
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
    'task_id root_id parent_id state outcome agent_id skill reason hop path mode priority created_at updated_at deadline attempts result error redriven_as resolved',
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
    in_flight_max: 64,
    frame_bytes_max: 4_194_304,
    pending_max: 10_000,
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
