/** Hello: who is who, proven both ways, before anything else is said. */
import { randomBytes } from 'node:crypto';
import { isFrame, isText, type Frame } from '../answers.ts';
import { demand, show, skip, verifies } from '../check.ts';
import { now, pass } from '../clock.ts';
import { introducedIn, sayHello, type Greeting, type GreetingOptions } from '../greeting.ts';
import { codeOf } from '../handover.ts';
import { isProof } from '../identity.ts';
import { untilKnown, type Probe } from '../probe.ts';
import { NO_METHOD, type Talk } from '../talk.ts';

/** The checks of HELLO. */
export const helloChecks = [
  verifies('HELLO-01', async (probe) => {
    const result = introducedIn((await probe.greet()).greeted);
    const { agent, capabilities, limits, heartbeat_ms } = result;
    for (const name of ['version', 'connection_id', 'server_time']) expectText(result, name);
    demand(isFrame(agent), `agent is ${show(agent)}`);
    for (const name of ['agent_id', 'instance_id', 'name', 'version']) expectText(agent, name);
    for (const [name, told] of Object.entries({ capabilities, limits })) {
      demand(told === undefined || isFrame(told), `${name} is ${show(told)}`);
    }
    demand(
      heartbeat_ms === undefined || (Number.isInteger(heartbeat_ms) && Number(heartbeat_ms) > 0),
      `heartbeat_ms is ${show(heartbeat_ms)}`,
    );
  }),
  verifies('HELLO-02', async (probe) => {
    const { version } = introducedIn((await greetWith(probe, { versions: [NO_VERSION, 'mesh.v1'] })).greeted);
    demand(version === 'mesh.v1', `of ${NO_VERSION} and mesh.v1 the peer took ${show(version)}`);
  }),
  verifies('HELLO-03', async (probe) => {
    const { answer } = (await greetWith(probe, { versions: [NO_VERSION] })).greeted;
    demand(codeOf(answer) === -32602, `${NO_VERSION} alone was answered ${show(answer)}`);
  }),
  verifies('HELLO-04', async (probe) => {
    const talk = await greetWith(probe, { versions: [NO_VERSION] });
    const { error } = talk.greeted.answer;
    demand(show(error).includes('mesh.v1'), `the refusal names no version that is spoken: ${show(error)}`);
    await expectEnd(talk, [4002]);
  }),
  verifies('HELLO-05', async (probe) => {
    const { greeted } = await probe.greet();
    const { agent, connection_id, proof } = introducedIn(greeted);
    const { agent_id, instance_id, public_key } = isFrame(agent) ? agent : {};
    if (!isText(agent_id) || !isText(instance_id) || !isText(connection_id))
      return skip('hello is not whole: see HELLO-01');
    if (!isText(public_key)) return skip('hello tells no public_key that a proof could be held against');
    const { challenge } = greeted;
    const { dialled } = probe.subject;
    const is_proven =
      isText(proof) && isProof(public_key, { challenge, agent_id, instance_id, dialled, connection_id }, proof);
    demand(is_proven, `${show(proof)} is no signature of ${public_key} over what was asked at ${dialled}`);
  }),
  verifies('HELLO-06', async (probe) => {
    const greetings = [await probe.greet(), await probe.greet()];
    const [one, other] = greetings.map(({ greeted }) => introducedIn(greeted)['connection_id']);
    if (one === undefined) skip('hello tells no connection_id: see HELLO-01');
    demand(one !== other, `two connections have the id ${show(one)}`);
  }),
  verifies('HELLO-07', async (probe) => {
    introducedIn((await greetWith(probe, { challenge: undefined })).greeted);
  }),
  verifies('HELLO-08', async (probe) => {
    const { answer } = (await greetWith(probe, { versions: 7, agent: 7 })).greeted;
    demand(codeOf(answer) === -32602, `a hello that is none was answered ${show(answer)}`);
  }),
  verifies('HELLO-09', async (probe) => {
    const talk = await probe.greet();
    const asked = await talk.until(() => talk.asked.find(({ method }) => method === 'mesh/hello'));
    demand(asked !== undefined, 'who says hello is not asked who that is');
    const challenge = isFrame(asked['params']) ? asked['params']['challenge'] : undefined;
    const bytes = isText(challenge) ? Buffer.from(challenge, 'base64url').length : 0;
    demand(bytes === CHALLENGE_BYTES, `the challenge is ${show(challenge)}, ${bytes} bytes`);
  }),
  verifies(
    'HELLO-10',
    async (probe) => {
      const talk = await probe.silent();
      const { code } = await talk.ended(HELLO_MS_MAX + GRACE_MS);
      demand(code === 4008, `it closed ${show(code)}`);
    },
    { phase: 'long' },
  ),
  verifies('HELLO-11', async (probe) => {
    const [method, params] = workOf(probe);
    const answer = await (await probe.silent()).ask(method, params);
    demand(codeOf(answer) === 4010, `before hello, ${method} was answered ${show(answer)}`);
  }),
  verifies('HELLO-12', async (probe) => {
    await expectTurnedAway(probe, { answer: { proof: randomBytes(64).toString('base64url') } }, [4001]);
  }),
  verifies('HELLO-13', async (probe) => {
    introducedIn((await greetWith(probe, { x_kit: { a: [1] }, x_kit_too: 'passed over' })).greeted);
  }),
  verifies('HELLO-14', async (probe) => {
    const { server_time } = introducedIn((await probe.greet()).greeted);
    if (!isText(server_time)) return skip('hello tells no time: see HELLO-01');
    const off_ms = Math.abs(Date.parse(server_time) - now());
    demand(off_ms < DAY_MS, `hello says it is ${show(server_time)}`);
  }),
  verifies(
    'HELLO-15',
    async (probe) => {
      const talk = await probe.silent();
      await pass(LISTEN_MS);
      const more = talk.heard.filter(({ method }) => method !== 'mesh/hello');
      demand(more.length === 0, `before hello the peer said ${show(more)}`);
    },
    { phase: 'long' },
  ),
  verifies('HELLO-16', async (probe) => {
    const instance_id = `kit-${randomBytes(6).toString('hex')}`;
    const older = await greetKnown(probe, { instance_id });
    const newer = await greetKnown(probe, { instance_id });
    await expectEnd(older, [4009]);
    await newer.ask(NO_METHOD);
  }),
  verifies('HELLO-17', async (probe) => {
    const { stranger, key } = probe.subject;
    await expectTurnedAway(probe, { key: stranger }, [4003, 4001]);
    // A name that is pinned, and another's key.
    await expectTurnedAway(probe, { key: { ...stranger, id: key?.id ?? 'orchestrator' } }, [4003, 4001]);
  }),
  verifies('HELLO-18', async (probe) => {
    // The proof was made over another connection_id than the one that stands beside it.
    await expectTurnedAway(probe, { answer: { connection_id: 'kit-another' } }, [4001]);
  }),
  verifies('HELLO-19', async (probe) => {
    const about = {
      key: probe.key(),
      instance_id: `kit-${randomBytes(6).toString('hex')}`,
      dialled: probe.subject.dialled,
    };
    const talk = await greetKnown(probe, about);
    await sayHello(talk, about);
    await talk.ask(NO_METHOD);
    demand(talk.end === undefined, `after a second hello it closed ${show(talk.end)}`);
  }),
  verifies('HELLO-20', async (probe) => {
    const [one, other] = [await challengeTo(probe), await challengeTo(probe)];
    demand(one !== other, `two connections were asked with the challenge ${show(one)}`);
  }),
];

const greetWith = (probe: Probe, hello: Frame): Promise<Greeting> => probe.greet({ hello });

/** A greeting that the peer takes: after it answered once more, it has let us in. */
async function greetKnown(probe: Probe, options: Partial<GreetingOptions>): Promise<Greeting> {
  const talk = await probe.greet({ key: probe.key(), ...options });
  introducedIn(talk.greeted);
  await untilKnown(talk);
  await talk.ask(NO_METHOD);
  return talk;
}

/** What the peer asks whoever connects. Skips where it asks nothing. */
async function challengeTo(probe: Probe): Promise<string> {
  const talk = await probe.greet();
  await untilKnown(talk);
  const asked = talk.asked.find(({ method }) => method === 'mesh/hello');
  const challenge = isFrame(asked?.['params']) ? asked['params']['challenge'] : undefined;
  return isText(challenge) ? challenge : skip('the peer asks for no proof: see HELLO-09');
}

/** What a peer is asked to do: a skill of an agent; of an orchestrator to hand on, to nobody that there is. */
function workOf(probe: Probe): [method: string, params: Frame] {
  if (probe.profile === 'orchestrator')
    return ['handoff', { to: { agent_id: 'nobody-of-this-kit' }, method: 'kit_echo', params: {} }];
  const { name, params } = probe.skill();
  return [name, params];
}

/** Who proves nothing must go. Skips where nobody is asked for a proof. */
async function expectTurnedAway(
  probe: Probe,
  options: Partial<GreetingOptions>,
  codes: readonly number[],
): Promise<void> {
  const talk = await probe.greet(options);
  if (!(await untilKnown(talk))) skip('the peer asks for no proof: see HELLO-09');
  await expectEnd(talk, codes);
}

async function expectEnd(talk: Talk, codes: readonly number[]): Promise<void> {
  const { code } = await talk.ended();
  demand(code !== undefined && codes.includes(code), `it closed ${show(code)}, not ${codes.join(' or ')}`);
}

const expectText = (object: Frame, name: string): void =>
  demand(isText(object[name]), `${name} is ${show(object[name])}`);

const NO_VERSION = 'mesh.v999';
const CHALLENGE_BYTES = 32;
/** Until when hello must be said (wire.md 10), and how late a peer may find that it was not, ms. */
const HELLO_MS_MAX = 5_000;
const GRACE_MS = 3_000;
/** How long a check listens for what should not come, ms. */
const LISTEN_MS = 1_000;
const DAY_MS = 86_400_000;
