/** The card: valid A2A v1.0, true, and kept no longer than it may be. */
import { ActionClass, Effect, MESH_BINDING, SKILLS_EXTENSION } from '../../protocol/index.ts';
import { framesIn, isFrame, isText, type Frame } from '../answers.ts';
import { demand, fail, show, skip, verifies } from '../check.ts';
import { digestOf } from '../digest.ts';
import { introducedIn } from '../greeting.ts';
import type { Probe } from '../probe.ts';
import { dialledOf } from '../subject.ts';

/** The checks of CARD. */
export const cardChecks = [
  verifies('CARD-01', async (probe) => {
    const { status, headers, json, body } = await probe.http({ path: CARD_PATH });
    demand(status === 200, `${CARD_PATH} was answered ${status}`);
    demand(isFrame(json), `the card is no JSON object: ${show(body)}`);
    const type = headers['content-type'];
    demand(type !== undefined && JSON_TYPE.test(type), `the content type is ${show(type)}`);
  }),
  verifies('CARD-02', async (probe) => {
    const card = cardOf(probe);
    for (const name of ['name', 'description', 'version']) expectText(card, name, 'the card');
    for (const name of ['defaultInputModes', 'defaultOutputModes']) {
      demand(isTexts(card[name]), `${name} is ${show(card[name])}, and no list of media types`);
    }
    const { supportedInterfaces, capabilities, skills } = card;
    demand(isFrame(capabilities), `capabilities is ${show(capabilities)}`);
    demand(Array.isArray(skills), `skills is ${show(skills)}`);
    demand(
      Array.isArray(supportedInterfaces) && supportedInterfaces.length > 0,
      `supportedInterfaces is ${show(supportedInterfaces)}`,
    );
    for (const one of supportedInterfaces) {
      demand(isFrame(one), `an interface is ${show(one)}`);
      for (const name of ['url', 'protocolBinding', 'protocolVersion']) expectText(one, name, 'an interface');
    }
  }),
  verifies('CARD-03', async (probe) => {
    for (const skill of skillsOf(cardOf(probe))) {
      const about = `the skill ${show(skill['id'])}`;
      for (const name of ['id', 'name', 'description']) expectText(skill, name, about);
      const { tags } = skill;
      demand(isTexts(tags) && tags.length > 0, `the tags of ${about} are ${show(tags)}`);
    }
  }),
  verifies('CARD-04', async (probe) => {
    const ids = skillsOf(cardOf(probe)).map(({ id }) => id);
    const twice = ids.find((id, at) => ids.indexOf(id) !== at);
    demand(twice === undefined, `the skill ${show(twice)} is on the card twice`);
  }),
  verifies('CARD-05', async (probe) => {
    const all = interfacesOf(cardOf(probe));
    const ours = all.filter(({ url }) => isWebSocketUrl(url));
    demand(ours.length > 0, `no interface of the card is a WebSocket: ${show(all)}`);
    const wrong = ours.find(({ protocolBinding }) => protocolBinding === 'JSONRPC');
    demand(!wrong, `the WebSocket interface is called JSONRPC: ${show(wrong)}`);
    demand(
      ours.some(({ protocolBinding }) => protocolBinding === MESH_BINDING),
      `no WebSocket interface is named ${MESH_BINDING}: ${show(ours)}`,
    );
  }),
  verifies('CARD-06', async (probe) => {
    const all = interfacesOf(cardOf(probe));
    const own =
      all.find(({ protocolBinding }) => protocolBinding === MESH_BINDING) ?? all.find(({ url }) => isWebSocketUrl(url));
    const url = own?.['url'];
    if (!isWebSocketUrl(url)) return skip('the card names no WebSocket: see CARD-05');
    const [here, there] = [await agentAt(probe, probe.subject.url), await agentAt(probe, url)];
    demand(show(here) === show(there), `at ${url} is ${show(there)}, here is ${show(here)}`);
  }),
  verifies('CARD-07', async (probe) => {
    const card = cardOf(probe);
    const all = traitsIn(card);
    for (const { id } of skillsOf(card)) {
      const traits = isText(id) ? all[id] : undefined;
      demand(isFrame(traits), `of the skill ${show(id)} the extension ${SKILLS_EXTENSION} tells ${show(traits)}`);
      const { effect, action_class, routable, concurrency } = traits;
      demand(Effect.safeParse(effect).success, `the effect of ${show(id)} is ${show(effect)}`);
      demand(ActionClass.safeParse(action_class).success, `the action class of ${show(id)} is ${show(action_class)}`);
      demand(typeof routable === 'boolean', `routable of ${show(id)} is ${show(routable)}`);
      demand(
        Number.isInteger(concurrency) && Number(concurrency) > 0,
        `the concurrency of ${show(id)} is ${show(concurrency)}`,
      );
    }
  }),
  verifies('CARD-08', async (probe) => {
    for (const [id, traits] of Object.entries(traitsIn(cardOf(probe)))) {
      const { effect, action_class } = isFrame(traits) ? traits : {};
      if (!Effect.safeParse(effect).success) continue; // that is CARD-07
      const reads_by_class = action_class === undefined || action_class === 'read';
      demand(
        reads_by_class === (effect === 'read'),
        `the effect of ${id} is ${show(effect)}, its action class ${show(action_class)}`,
      );
    }
  }),
  verifies('CARD-09', async (probe) => {
    const { headers } = await probe.http({ path: CARD_PATH });
    const { etag } = headers;
    if (etag === undefined) return fail('the card has no ETag');
    const again = await probe.http({ path: CARD_PATH, headers: { 'if-none-match': etag } });
    demand(again.status === 304, `If-None-Match with the ETag of the card was answered ${again.status}`);
    const other = await probe.http({ path: CARD_PATH, headers: { 'if-none-match': '"of-another-card"' } });
    demand(other.status === 200, `If-None-Match with another ETag was answered ${other.status}`);
  }),
  verifies('CARD-10', async (probe) => {
    const said = (await probe.http({ path: CARD_PATH })).headers['cache-control'];
    demand(said !== undefined && /max-age=\d+|no-cache|no-store/.test(said), `Cache-Control is ${show(said)}`);
  }),
  verifies('CARD-11', async (probe) => {
    const card = cardOf(probe);
    const { card_digest } = introducedIn((await probe.greet()).greeted);
    const digest = digestOf(card);
    demand(card_digest === digest, `hello tells ${show(card_digest)}; the card that is served has ${show(digest)}`);
  }),
  verifies('CARD-12', async (probe) => {
    const { agent_id } = paramsIn(cardOf(probe));
    const { agent } = introducedIn((await probe.greet()).greeted);
    const said = isFrame(agent) ? agent['agent_id'] : undefined;
    demand(said === agent_id, `hello says ${show(said)}, the card says ${show(agent_id)}`);
  }),
  verifies('CARD-13', async (probe) => {
    const { status, body } = await probe.http({ path: CARD_PATH, method: 'HEAD' });
    demand(status === 200, `HEAD was answered ${status}`);
    demand(body === '', 'HEAD was answered with a body');
  }),
  verifies('CARD-14', async (probe) => {
    const { capabilities } = cardOf(probe);
    if (!isFrame(capabilities)) return skip('the card has no capabilities: see CARD-02');
    for (const name of ['streaming', 'pushNotifications']) {
      const said = capabilities[name];
      demand(said === undefined || typeof said === 'boolean', `${name} is ${show(said)}`);
    }
  }),
  verifies('CARD-15', async (probe) => {
    const { body } = await probe.http({ path: CARD_PATH });
    for (let nth = 0; nth < AGAIN; nth++) {
      const again = await probe.http({ path: CARD_PATH });
      demand(again.body === body, `the card was ${show(body)}, and then ${show(again.body)}`);
    }
  }),
];

/** The card that was found. Skips when there is none. */
const cardOf = ({ subject }: Probe): Frame => subject.card ?? skip('no card was found: see CARD-01');

const skillsOf = ({ skills }: Frame): Frame[] => framesIn(skills);
const interfacesOf = ({ supportedInterfaces }: Frame): Frame[] => framesIn(supportedInterfaces);

/** What the extension tells: whose card it is, and the traits of the skills. */
function paramsIn({ capabilities }: Frame): Frame {
  const extensions = isFrame(capabilities) ? framesIn(capabilities['extensions']) : [];
  const params = extensions.find(({ uri }) => uri === SKILLS_EXTENSION)?.['params'];
  return isFrame(params) ? params : {};
}

function traitsIn(card: Frame): Frame {
  const { skills } = paramsIn(card);
  return isFrame(skills) ? skills : {};
}

/** Who answers hello there. An address that only the card names is told neither our key nor our token. */
async function agentAt(probe: Probe, url: string): Promise<unknown> {
  const greeting = { key: probe.subject.stranger, dialled: dialledOf(url) };
  const headers = url === probe.subject.url ? {} : { authorization: undefined };
  const { greeted } = await probe.greet(greeting, { url, headers }).catch((reason: unknown) => {
    return fail(`${url} leads to nobody: ${reason instanceof Error ? reason.message : String(reason)}`);
  });
  const { agent } = introducedIn(greeted);
  return isFrame(agent) ? agent['agent_id'] : undefined;
}

function expectText(object: Frame, name: string, whose: string): void {
  demand(isText(object[name]), `${name} of ${whose} is ${show(object[name])}`);
}

const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isWebSocketUrl = (url: unknown): url is string =>
  typeof url === 'string' && /^wss?:\/\//.test(url) && URL.canParse(url);
const CARD_PATH = '/.well-known/agent-card.json';
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;
/** How often the card is asked for once more. */
const AGAIN = 2;
