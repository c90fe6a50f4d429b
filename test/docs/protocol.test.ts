/** docs/protocol.md is true: its frames are played, its documents judged, its tables held against the code. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { placeOf } from '../../boot/index.ts';
import { FRAME_QUOTA, proveIdentity } from '../../mesh/index.ts';
import { ARRIVING_LINK_LIMITS, BARE_LINK_LIMITS, LINK_LIMITS } from '../../mesh/link.ts';
import { BARE_PEER_LIMITS, LINK_BYTES_MIN, PEER_LIMITS, REQUEST_BYTES_MIN, STRANGER_LIMITS } from '../../mesh/peer.ts';
import { ABOUT } from '../../orchestrator/about.ts';
import { RETRY_LIMITS } from '../../orchestrator/retry.ts';
import { ROUTING_LIMITS } from '../../orchestrator/routing.ts';
import {
  AgentCard,
  AnalysisResult,
  ERRORS,
  INLINE_BYTES_MAX,
  InputKind,
  isErrorCode,
  MESH_BINDING,
  Meta,
  readCard,
  Routing,
  SkillTraits,
  TaskState,
} from '../../protocol/index.ts';
import { ask, isLike } from './raw-http.ts';
import { isProofOf, openStage, PinFile, proofOf, publicKeyOf, signedBytes, type Stage } from './stage.ts';
import { rowsOf } from './table.ts';
import { expectJson, linesOf, toSend } from './transcript.ts';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'protocol.md'), 'utf8');

/** A fenced block: its language, who speaks in it, the check that a comment before it names. */
interface Block {
  language: string;
  scene: string;
  check: string;
  text: string;
  line: number;
}

const blocks: Block[] = [...page.matchAll(/(?:<!-- check: (\w+) -->\n\n)?^```(\w*) ?(\S*)\n([\s\S]*?)^```$/gm)].map(
  ({ 1: check = '', 2: language = '', 3: scene = '', 4: text = '', index }) => {
    const line = page.slice(0, index).split('\n').length;
    return { language, scene, check, text, line };
  },
);
const documentOf = (check: string): string => blocks.find((block) => block.check === check)?.text ?? '';
const played = blocks.filter(({ language }) => language === 'frames' || language === 'http');

const documents: Record<string, (text: string) => void> = {
  proof(text) {
    const said = JSON.parse(text) as Record<string, string>;
    const { challenge = '', agent_id = '', instance_id = '', dialled = '', connection_id = '' } = said;
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(said.seed!, 'hex')]);
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const parts = [challenge, agent_id, instance_id, dialled, connection_id];
    expect(Buffer.from(challenge, 'base64url')).toHaveLength(32);
    expect(said.public_key).toBe(publicKeyOf(key));
    expect(said.signed_hex).toBe(signedBytes(parts).toString('hex'));
    expect(said.proof).toBe(proofOf(key, parts));
    expect(said.proof).toBe(proveIdentity(key, { challenge, agent_id, instance_id, dialled, connection_id }));
  },
  pins(text) {
    const written = PinFile.parse(JSON.parse(readFileSync(placeOf(stage.data).pins, 'utf8')));
    const said = PinFile.parse(JSON.parse(text));
    for (const { id, role, public_key } of said) {
      expect(written.find((pin) => pin.id === id)).toMatchObject({ id, role });
      expect(isEd25519(public_key)).toBe(true);
    }
    const key = readFileSync(join(stage.data, 'keys', 'file-desk', 'key.pem'), 'utf8');
    expect(written.find(({ id }) => id === 'file-desk')?.public_key).toBe(publicKeyOf(createPrivateKey(key)));
  },
  card(text) {
    const card = AgentCard.parse(JSON.parse(text));
    expect(card.supportedInterfaces[0]?.protocolBinding).toBe(MESH_BINDING);
    expect([...readCard(card).skills.keys()]).toEqual(['check_file', 'read_note', 'submit_file', 'lock_file']);
  },
};

let stage: Stage;
const closes: Promise<void>[] = [];

beforeAll(async () => {
  stage = await openStage(documentOf('card'));
}, 60_000);
afterAll(() => stage.close(), 60_000);

test('every block of the page is one that a test reads', () => {
  expect(blocks.length).toBe([...page.matchAll(/^```\w/gm)].length);
  const unread = blocks.filter(
    ({ language, check }) =>
      !played.some((block) => block.language === language) &&
      !(language === 'json' && Object.hasOwn(documents, check)) &&
      language !== 'text',
  );
  expect(unread).toEqual([]);
  expect(blocks.filter(({ language }) => language === 'frames').length).toBeGreaterThan(20);
});

test('no frame stands outside of the blocks that are played', () => {
  const rest = page.replace(/^```(?:frames|http)[\s\S]*?^```$/gm, '');
  expect(rest).not.toContain('"jsonrpc"');
});

test('REQ-M03: the page says by which name others know this wire', () => {
  expect(page.match(/ACP, the Agent Communication Protocol/g)).toHaveLength(1);
});

describe('documents', () => {
  test.each(Object.keys(documents))('%s', (check) => {
    const text = documentOf(check);
    expect(text).not.toBe('');
    documents[check]!(text);
  });
});

describe('in the order of the page', () => {
  test.each(played)('line $line: $language $scene', async ({ language, scene, text }) => {
    if (language === 'http') await exchange(scene, stage.atHome(text));
    else await play(scene, stage.atHome(text));
  });

  test('the links that the page closes are closed with its codes, and nothing came that it does not tell', async () => {
    await Promise.all(closes);
    const untold = stage.links().flatMap(([name, link]) => link.left().map((frame) => ({ name, frame })));
    expect(untold.filter(({ frame }) => !isGoaway(frame))).toEqual([]);
  });

  test('the proofs that came were made with the keys that are pinned', () => {
    const pins = PinFile.parse(JSON.parse(readFileSync(placeOf(stage.data).pins, 'utf8')));
    const at = (port: number) => stage.atHome(`127.0.0.1:${port}`);
    const value = (name: string) => String(stage.values.get(name));
    const check = (id: string, names: [string, string, string, string], port: number) => {
      const [challenge, instance, connection, proof] = names.map(value) as [string, string, string, string];
      const key = pins.find((pin) => pin.id === id)?.public_key ?? '';
      expect(isProofOf(key, [challenge, id, instance, at(port), connection], proof), id).toBe(true);
    };
    check('threat-intel', ['my_challenge', 'agents_instance', 'agents_connection', 'agents_proof'], 9002);
    const orchestrator = ['orchestrators_instance', 'orchestrators_connection', 'orchestrators_proof'] as const;
    check('orchestrator', ['desks_challenge', ...orchestrator], 9000);
    const dialling = ['orchestrators_instance', 'dialling_connection', 'dialling_proof'] as const;
    check('orchestrator', ['desks_other_challenge', ...dialling], 9101);
    expect(value('agents_key')).toBe(pins.find(({ id }) => id === 'threat-intel')?.public_key);
  });
});

describe('tables', () => {
  test('errors have the message of the table', () => {
    const rows = rowsOf(page, '| code ').map(([code, message]) => [Number(code), message] as const);
    expect(rows.length).toBeGreaterThan(15);
    for (const [code, message] of rows) expect(isErrorCode(code) && ERRORS[code], String(code)).toBe(message);
  });

  test('close codes are those of docs/errors.md', () => {
    const errors = readFileSync(join(root, 'docs', 'errors.md'), 'utf8').split('## Close codes')[1] ?? '';
    const listed = [...errors.matchAll(/^\| ([\d, ]+?) +\|/gm)].flatMap(([, codes = '']) => codes.split(', '));
    expect(rowsOf(page, '| close code ').flatMap(([codes = '']) => codes.split(', '))).toEqual(listed);
  });

  test('the fields of _meta are those that are parsed', () => {
    const fields = rowsOf(page, '| field ', '`traceparent`').flatMap(([names = '']) =>
      names.replaceAll('`', '').split(', '),
    );
    const routing = fields.map((name) => name.replace('handoff.', '')).sort();
    const known = [...Object.keys(Routing.shape), ...Object.keys(Meta.shape).filter((name) => name !== 'handoff')];
    expect(routing).toEqual(known.sort());
  });

  test('the traits of a skill are those that are parsed', () => {
    expect(rowsOf(page, '| trait ').map(([name = '']) => name.replaceAll('`', ''))).toEqual(
      Object.keys(SkillTraits.shape).sort(byPage),
    );
  });

  test('a result has the members that an investigation asks for, and the kinds of inputs are those there are', () => {
    expect(rowsOf(page, '| result ').map(([name = '']) => name.replaceAll('`', ''))).toEqual(
      Object.keys(AnalysisResult.shape),
    );
    const kinds = /^and nothing else\. The kinds are ([\s\S]*?), which is what is none/m.exec(page)?.[1] ?? '';
    expect([...kinds.matchAll(/`(\w+)`/g)].map(([, kind]) => kind)).toEqual(InputKind.options);
  });

  test('the methods are those that the orchestrator describes', () => {
    const named = rowsOf(page, '| method ').flatMap(([names = '']) => names.replaceAll('`', '').split(', '));
    const spoken = [...ABOUT.skills.map(({ id }) => id), 'mesh/hello', 'rpc.ping', 'rpc.discover'];
    expect(named.sort()).toEqual(spoken.sort());
  });

  test('the states are those of a task', () => {
    const said = /^States of a task: (.*?); the last\s+four/ms.exec(page)?.[1] ?? '';
    expect(said.replaceAll('`', '').split(/,\s/)).toEqual(TaskState.options);
  });

  test('the limits are those of the code', () => {
    const rows = rowsOf(page, '| limit ').map(
      ([name = '', value = '']) => [name, Number(value.replaceAll(' ', ''))] as const,
    );
    const said: Record<string, number> = Object.fromEntries(rows);
    expect(said).toEqual({
      'frame, bytes (`mesh.v1`)': LINK_LIMITS.frame_bytes_max,
      'frame, bytes (bare)': BARE_LINK_LIMITS.frame_bytes_max,
      'nesting, levels': PEER_LIMITS.depth_max,
      'entries of a batch': PEER_LIMITS.batch_max,
      'values of a frame (`mesh.v1`)': PEER_LIMITS.values_max,
      'values of a frame (bare)': BARE_PEER_LIMITS.values_max,
      'requests in flight on a link': PEER_LIMITS.in_flight_max,
      'bytes of requests in flight on a link': PEER_LIMITS.in_flight_bytes_max,
      'the same, bare': BARE_PEER_LIMITS.in_flight_bytes_max,
      'the same of `mesh.v1`, before a proof': STRANGER_LIMITS.in_flight_bytes_max,
      'the same, whatever others ask': LINK_BYTES_MIN,
      'bytes of a request at least': REQUEST_BYTES_MIN,
      'frames a second on average, then in a burst': FRAME_QUOTA.frames_per_s,
      'burst, frames': FRAME_QUOTA.burst_frames,
      'unsent bytes on a link': LINK_LIMITS.unsent_bytes_max,
      'unsent bytes before a proof': ARRIVING_LINK_LIMITS.stranger_unsent_bytes_max ?? 0,
      'hello, ms': 5_000,
      'ping, ms': LINK_LIMITS.ping_ms,
      'silence, ms': LINK_LIMITS.silence_ms_max,
      'inline params, bytes': INLINE_BYTES_MAX,
      'deadline unless said, ms': ROUTING_LIMITS.deadline_ms_default,
      'deadline at most, ms': ROUTING_LIMITS.deadline_ms_max,
      hops: ROUTING_LIMITS.hop_max,
      'handoffs of one task': ROUTING_LIMITS.fan_out_max,
      'tasks of one investigation': ROUTING_LIMITS.root_tasks_max,
      'attempts of one task': RETRY_LIMITS.attempts_max,
    });
  });
});

/** Sends what the page sends, and waits for what it says comes. */
async function play(scene: string, text: string): Promise<void> {
  for (const { act, text: said, who } of linesOf(text, scene)) {
    if (act === 'do') {
      await stage.act(said);
      continue;
    }
    const link = await stage.link(who);
    const [, code] = /^close (\d{4})$/.exec(said) ?? [];
    if (act === 'send') link.send(toSend(said, (name) => stage.valueOf(name)));
    else if (code === undefined) await link.take(said, stage.values);
    else closes.push(link.closed.then((closed) => expect(closed, `${who} closes`).toBe(Number(code))));
  }
}

/** One HTTP request, byte for byte but for its line ends; what comes is held against the lines of the page. */
async function exchange(scene: string, text: string): Promise<void> {
  const lines = text.split('\n');
  const sent = lines
    .filter((line) => line.startsWith('>'))
    .map((line) => toSend(line.slice(2), (name) => stage.valueOf(name)));
  const request = sent.includes('') ? sent.join('\r\n') : `${sent.join('\r\n')}\r\n\r\n`;
  const port = Number(/:(\d+)$/m.exec(sent.join('\n'))?.[1]);
  const { head, body } = await ask(port, request);
  for (const line of lines.filter((each) => each.startsWith('< ')).map((each) => each.slice(2))) {
    if (line.startsWith('{')) expectJson(body, line, stage.values);
    else if (line.startsWith('HTTP/') || /^[\w-]+: /.test(line))
      expect(
        head.some((each) => isLike(each, line)),
        `${scene}: ${line}`,
      ).toBe(true);
    else expect(body).toBe(line);
  }
}

const byPage = (left: string, right: string): number => ORDER.indexOf(left) - ORDER.indexOf(right);
const ORDER = ['effect', 'action_class', 'routable', 'concurrency', 'targets', 'effect_kinds', 'investigates'];
const isGoaway = (frame: unknown): boolean => JSON.stringify(frame).includes('"mesh/goaway"');
const isEd25519 = (public_key: string): boolean =>
  createPublicKey({ key: Buffer.from(public_key, 'base64url'), format: 'der', type: 'spki' }).asymmetricKeyType ===
  'ed25519';
