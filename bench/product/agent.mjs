/** The agent under test: made with the shipped `aurora-mesh/agent`, default settings, one skill with the reference's answer. */
import { z } from 'zod';
import { RESULT } from '../peers/reference.mjs';
import { shipped } from './shipped.mjs';

const { defineAgent, run, skill } = await shipped('boot');

const Ioc = z.object({ type: z.string(), value: z.string() });

const analyzeThreat = skill({
  id: 'analyze_threat',
  title: 'Analyze a threat',
  description: 'Answers what the reference answers, so that what is measured is the mesh and no analysis.',
  tags: ['ioc'],
  effect: 'read',
  concurrency: 64, // as many as a link may have in flight: the peers have no lanes either
  params: z.object({ alert_id: z.string(), iocs: z.array(Ioc).min(1) }),
  result: z.object({
    severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
    confidence: z.number().min(0).max(1),
    mitre_techniques: z.array(z.string()),
    iocs: z.array(Ioc),
  }),
});

process.once('disconnect', () => process.exit(0));
await run(
  defineAgent({
    id: 'threat-intel',
    name: 'Reference agent',
    description: 'One skill, one answer.',
    skills: [analyzeThreat.implement(() => RESULT)],
  }),
  { flags: JSON.parse(process.argv[2]) },
);
