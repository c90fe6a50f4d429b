/** Incident response: plans what to do, and brings endpoints into a desired state once a person allowed it; says what was done and what was not. */
import { z } from 'zod';
import { analyzeThreat } from '../analysis/ioc/index.ts';
import { Asset, planResponse, PlannedInvestigation, ResponsePlan } from '../analysis/response/index.ts';
import { defineAgent } from '../mesh/index.ts';
import { EffectOutcome, Evidence, NotChecked, skill, type SkillContext } from '../protocol/index.ts';
import { threatSkill } from './analyze-threat.ts';

/** One kind for both directions: an endpoint has one state, so that orders about it come one after another. */
const KIND = 'endpoint_isolation';

const EndpointId = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$/, 'names one endpoint: letters, digits, dot, dash, underscore, colon')
  .describe('the endpoint as its EDR names it');
const Isolation = z.enum(['full', 'selective']).describe('selective leaves the ways that response itself needs');
const Reason = z.string().min(1).max(1024).describe('why, for whoever has to allow it and for the record');

/** The state that is wished of an endpoint: wished twice it is the same state (PROM-P4). */
const DesiredState = z.object({
  endpoint_id: EndpointId,
  state: z.enum(['contained', 'released']),
  isolation: Isolation.optional(),
});
type DesiredState = z.infer<typeof DesiredState>;

const ActionResult = EffectOutcome.extend({
  summary: z.string(),
  desired: DesiredState,
  done: z.array(z.string()),
  not_done: z.array(z.object({ what: z.string(), why: z.string() })),
  evidence: z.array(Evidence).describe('where the action is on record'),
  not_checked: z.array(NotChecked),
});
type ActionResult = z.infer<typeof ActionResult>;

const contain = skill({
  id: 'contain_endpoint',
  title: 'Contain an endpoint',
  description: 'Cuts an endpoint off the network, or all but what response needs; only with an approval of this call.',
  tags: ['response', 'containment', 'endpoint'],
  effect: 'idempotent',
  action_class: 'high',
  targets: ['/endpoint_id'],
  effect_kinds: [KIND],
  examples: [{ endpoint_id: 'WS-042', reason: 'It beacons to 198.51.100.7:4444 every 60 s' }],
  params: z.object({ endpoint_id: EndpointId, reason: Reason, isolation: Isolation.default('full') }),
  result: ActionResult,
});

const release = skill({
  id: 'release_endpoint',
  title: 'Release an endpoint',
  description: 'Gives a contained endpoint its network back; only with an approval of this call.',
  tags: ['response', 'containment', 'endpoint'],
  effect: 'idempotent',
  action_class: 'medium',
  targets: ['/endpoint_id'],
  effect_kinds: [KIND],
  examples: [{ endpoint_id: 'WS-042', reason: 'It was rebuilt and scanned clean' }],
  params: z.object({ endpoint_id: EndpointId, reason: Reason }),
  result: ActionResult,
});

const plan = skill({
  id: 'plan_response',
  title: 'Plan a response',
  description:
    'Orders what to do about the findings of an investigation by the stages of RE&CT: each step with its preconditions, its way back, what it breaks and the findings that justify it. It proposes, and does nothing.',
  tags: ['response', 'plan', 'react', 'containment', 'eradication', 'recovery'],
  effect: 'read',
  examples: [
    {
      investigation: {
        verdict: 'malicious',
        findings: [
          {
            id: 'process-1',
            title: 'ws-042: rundll32.exe dumps the memory of LSASS',
            severity: 'critical',
            techniques: ['T1003.001'],
            evidence: [
              {
                source: 'events.jsonl',
                locator: 'line 2',
                excerpt: 'rundll32.exe comsvcs.dll, MiniDump 628 l.dmp full',
              },
            ],
          },
        ],
        recommendations: [
          {
            action: 'isolate the host',
            action_class: 'high',
            target: 'ws-042',
            reason: 'rundll32.exe dumps the memory of LSASS',
          },
        ],
      },
      assets: [{ name: 'WS-042', criticality: 'high', dependents: 2 }],
    },
  ],
  params: z.object({
    investigation: PlannedInvestigation.describe('what an investigation or a specialist answered, or findings alone'),
    assets: z.array(Asset).max(500).default([]).describe('what is known of the targets'),
  }),
  result: ResponsePlan,
});

const threat = threatSkill({
  description: 'Judges indicators by their form and by mounted intelligence; it proposes, and contains nothing.',
  tags: ['ioc', 'response'],
  example: { type: 'url', value: 'http://198.51.100.7:4444/update.exe' },
});

/** Brings endpoints into a desired state once a person allowed it. */
export const incidentResponder = defineAgent({
  id: 'incident-responder',
  name: 'Incident response',
  description:
    'Plans a response, and contains and releases endpoints once a person allowed it; in dry_run and monitor it says what it would do.',
  skills: [
    contain.implement(({ endpoint_id, isolation, reason }, ctx) =>
      bring({ endpoint_id, state: 'contained', isolation }, reason, ctx),
    ),
    release.implement(({ endpoint_id, reason }, ctx) => bring({ endpoint_id, state: 'released' }, reason, ctx)),
    plan.implement(({ investigation, assets }, { progress }) =>
      progress.tool('plan response', { findings: investigation.findings.length, assets: assets.length }, () =>
        planResponse(investigation, assets),
      ),
    ),
    threat.implement((params, ctx) =>
      ctx.progress.tool('assess indicators', params.iocs, () => analyzeThreat(params, ctx.content)),
    ),
  ],
});

async function bring(
  desired: DesiredState,
  reason: string,
  { effects, progress }: SkillContext,
): Promise<ActionResult> {
  const wished = { kind: KIND, target: desired.endpoint_id, desired: { ...desired, reason } };
  const outcome = await progress.tool('bring the endpoint into its state', desired, () => effects.apply(wished));
  const what = `${desired.endpoint_id} ${desired.state}${desired.isolation ? ` (${desired.isolation})` : ''}`;
  return outcome.applied ? wasDone(outcome, desired, what) : wasNotDone(outcome, desired, what);
}

const wasDone = (outcome: EffectOutcome, desired: DesiredState, what: string): ActionResult => ({
  ...outcome,
  summary: `${what}: ordered, and the order was accepted`,
  desired,
  done: [`${what}: ordered from the effect driver`],
  not_done: [],
  evidence: [{ source: 'log of actions', locator: outcome.action_id ?? '', excerpt: outcome.effect_key }],
  not_checked: [
    { what: `whether ${desired.endpoint_id} is ${desired.state} by now`, why: 'the endpoint itself was not asked' },
  ],
});

const wasNotDone = (outcome: EffectOutcome, desired: DesiredState, what: string): ActionResult => ({
  ...outcome,
  summary: `${what}: not ordered in mode ${outcome.mode}`,
  desired,
  done: [],
  not_done: [{ what, why: `in mode ${outcome.mode} nothing outside is called` }],
  evidence: [],
  not_checked: [
    { what: `whether ${desired.endpoint_id} exists and can be ${desired.state}`, why: 'no effect driver was asked' },
  ],
});
