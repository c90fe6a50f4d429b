/** The agent in Python in a fleet: enrolled, found by its card, used in an investigation, killed in the middle of work. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { InvestigationResult, Task } from '../../protocol/index.ts';
import { aurora } from '../support/aurora.ts';
import { startFleet, type Fleet } from '../support/fleet.ts';
import { freePorts } from '../support/ports.ts';
import { agentFolder, describeWithPython, startScript, type Script } from '../support/python.ts';

const data = mkdtempSync(join(tmpdir(), 'aurora-python-'));
const certificate = join(agentFolder, 'suspicious.pem');
let env: Record<string, string> = {};
let orchestrator = '';
let port = 0;
let fleet: Fleet;
let agent: Script;

describeWithPython('the agent in Python, in a fleet', () => {
  beforeAll(async () => {
    const [own = 0, intel = 0, python = 0] = await freePorts(3);
    port = python;
    orchestrator = `ws://127.0.0.1:${own}`;
    env = { AURORA_DATA: data, AURORA_PORTS: `orchestrator=${own},threat-intel=${intel}`, AURORA_API_PORT: 'off' };
    const enrolled = await aurora(['agents', 'enroll', 'certificate-analyst'], { env });
    expect(enrolled.code, enrolled.stderr).toBe(0);
    fleet = await startFleet(env, { args: ['--agents', 'threat-intel'] });
    agent = await startAgent();
  }, 120_000);

  afterAll(async () => {
    agent.child.kill('SIGKILL');
    await fleet.stop();
    rmSync(data, { recursive: true, force: true });
  }, 40_000);

  test('it registers by itself and stands among the others', async () => {
    const agents = await online();
    expect(agents.map(({ agent_id, state }) => [agent_id, state])).toEqual([
      ['threat-intel', 'online'],
      ['certificate-analyst', 'online'],
    ]);
  });

  test('a certificate is known by its content and shown to who asks for such by its card; what it names is judged by others', async () => {
    const result = await investigate();
    expect(result).toMatchObject({ kind: 'certificate', verdict: 'malicious', severity: 'critical' });
    expect(result.steps.map(({ agent_id, skill, state }) => [agent_id, skill, state])).toEqual([
      ['certificate-analyst', 'analyze_certificate', 'completed'],
      ['threat-intel', 'analyze_threat', 'completed'],
    ]);
    expect(result.findings[0]).toMatchObject({
      id: 'certificate-analyst/block-1-tool',
      title: 'The certificate that Cobalt Strike makes by itself',
      evidence: [{ source: 'suspicious.pem', locator: 'block 1, subject' }],
    });
    expect(result.mitre_techniques).toContain('T1587.003');
    expect(result.not_checked.map(({ what }) => what)).toContain('certificate-analyst: revocation');
  });

  test('one that says goodbye is asked no more: the investigation fails with a sentence that says so', async () => {
    agent.child.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
    const { code, stderr } = await aurora(['investigate', certificate], { env });
    expect(code).toBe(1);
    expect(stderr).toContain('No agent here looks at a certificate');
    agent = await startAgent();
    expect(await investigate()).toMatchObject({ verdict: 'malicious' });
  });

  test('killed in the middle of work, the task is carried on by the one that comes after it', async () => {
    agent.child.kill('SIGSTOP'); // it takes the task, and never gets any further
    let next: Promise<Script> | undefined;
    const { code, stdout, stderr } = await aurora(['investigate', certificate], {
      env,
      onOutput: (said) => {
        if (next || !WORKING.test(said)) return;
        agent.child.kill('SIGKILL');
        next = agent.ended.then(startAgent);
      },
    });
    expect(code, stderr).toBe(0);
    agent = await next!;
    expect(stdout).toContain('The certificate that Cobalt Strike makes by itself');
    expect(stderr).toMatch(/\(agent_lost\).*analyze_certificate\s+working attempt 2 on/s);
  }, 60_000);

  const startAgent = async (): Promise<Script> => {
    const script = startScript('agent.py', ['--data', data, '--port', String(port), '--orchestrator', orchestrator]);
    await script.until('"state": "active"');
    while (!(await online()).some(({ agent_id, state }) => agent_id === 'certificate-analyst' && state === 'online'));
    return script;
  };
});

const WORKING = /analyze_certificate\s+working on \S+/;
const Listed = z.object({ items: z.array(z.object({ agent_id: z.string(), state: z.string() })) });

async function online() {
  const { code, stdout, stderr } = await aurora(['--json', 'agents'], { env });
  expect(code, stderr).toBe(0);
  return Listed.parse(JSON.parse(stdout)).items;
}

async function investigate(): Promise<InvestigationResult> {
  const { code, stdout, stderr } = await aurora(['--json', 'investigate', certificate], { env });
  expect(code, stderr).toBe(0);
  return InvestigationResult.parse(Task.parse(JSON.parse(stdout)).result);
}
