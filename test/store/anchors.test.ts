/** Anchors: what somebody with the whole database in hands changed is found by who has the file and the public key (ATK-J3). */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { manualClock, silentLog, type ManualClock } from '../../seams/index.ts';
import { openStore, readAnchors, type AnchorSeam, type EventRow, type Store } from '../../store/index.ts';
import { GENESIS, link } from '../../store/chain.ts';
import { skipLoudly, startCluster, type Cluster } from '../support/postgres.ts';

const keysOf = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    sign: (text: string) => sign(null, Buffer.from(text), privateKey).toString('base64'),
    verify: (text: string, signature: string) =>
      verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64')),
  };
};
const no_postgres = skipLoudly('anchors on postgres');

describe.each(['sqlite', 'postgres'] as const)('anchors on %s', (kind) => {
  describe.skipIf(kind === 'postgres' && no_postgres)('', () => {
    let cluster: Cluster;
    let folder: string;
    let schema = 0;
    let clock: ManualClock;
    let store: Store;
    let seam: AnchorSeam;

    const open = (anchors: AnchorSeam | undefined = seam) => {
      const database =
        kind === 'sqlite'
          ? { kind, file: join(folder, 'ledger.db') }
          : { kind, url: cluster.url, schema: `anchors_${schema}` };
      return openStore({ database, durability: 'full', clock, log: silentLog, anchors });
    };
    const reopen = async (anchors?: AnchorSeam) => {
      await store.close();
      store = await open(anchors);
    };
    const finish = async (...task_ids: string[]) => {
      const at = new Date(clock.now()).toISOString();
      const opens = { parent_id: null, skill: 'analyze_threat', deadline: at };
      const appended = task_ids.map((task_id) =>
        store.append({
          task_id,
          at,
          opens: { ...opens, root_id: task_id },
          arrows: [
            { type: 'accepted', payload: { task_id } },
            { type: 'failed', payload: 'no agent' },
          ],
        }),
      );
      await Promise.all(appended);
    };
    /** Two anchors over four tasks, and one task that no anchor knows yet. */
    const fill = async () => {
      await finish('task_a', 'task_b');
      await store.anchor();
      clock.advance(60_000);
      await finish('task_c', 'task_d');
      await store.anchor();
      await finish('task_e');
    };
    /** The attacker: no key, every right on the database, and enough skill to make the chains fit again. */
    const attack = (act: (db: Store['db']) => Promise<unknown>) => act(store.db);
    const rewrite = async (db: Store['db'], task_id: string, payloads: readonly string[]) => {
      const rows = await db.selectFrom('events').selectAll().where('task_id', '=', task_id).orderBy('seq').execute();
      let chain = GENESIS;
      for (const [index, row] of rows.entries()) {
        const event = link(chain, { ...row, payload: payloads[index] ?? row.payload });
        chain = { seq: event.seq, head: event.hash };
        const { payload, payload_hash, prev_hash, hash } = event;
        const change: Partial<EventRow> = { payload, payload_hash, prev_hash, hash };
        await db.updateTable('events').set(change).where('position', '=', row.position).execute();
      }
      await db.updateTable('tasks').set(chain).where('task_id', '=', task_id).execute();
    };
    const drop = async (db: Store['db'], task_id: string) => {
      await db.deleteFrom('events').where('task_id', '=', task_id).execute();
      await db.deleteFrom('tasks').where('task_id', '=', task_id).execute();
    };

    beforeAll(async () => {
      if (kind === 'postgres') cluster = await startCluster();
    });
    afterAll(() => cluster?.remove());
    beforeEach(async () => {
      schema += 1;
      folder = mkdtempSync(join(tmpdir(), 'aurora-anchors-'));
      clock = manualClock();
      seam = { file: join(folder, 'anchors.jsonl'), ...keysOf() };
      store = await open();
    });
    afterEach(async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test('each anchor covers what was committed since the last one, and is in the file; without news there is none', async () => {
      await fill();
      const anchors = readAnchors(seam.file);
      expect(anchors.map(({ seq, events }) => [seq, events])).toEqual([
        [1, 4],
        [2, 4],
      ]);
      expect(await store.anchor()).toMatchObject([{ seq: 3, events: 2 }]);
      expect(await store.anchor()).toEqual([]);
      expect(readAnchors(seam.file)).toHaveLength(3);
      expect(statSync(seam.file).mode & 0o077).toBe(0);
      expect(await store.verifyChain()).toEqual({ ok: true, tasks: 5, events: 10, anchors: 3 });
    });

    test.each<[string, (db: Store['db']) => Promise<unknown>, object]>([
      [
        'an edit',
        (db) => db.updateTable('events').set({ payload: '"x"' }).where('task_id', '=', 'task_b').execute(),
        { task_id: 'task_b', seq: 1 },
      ],
      [
        'a row dropped in the middle',
        (db) => db.deleteFrom('events').where('task_id', '=', 'task_b').where('seq', '=', 1).execute(),
        { task_id: 'task_b', seq: 2 },
      ],
      ['a whole task dropped', (db) => drop(db, 'task_a'), { task_id: '', seq: 1, why: /covers 4 events, 2 are/ }],
      [
        'a tail dropped',
        async (db) => {
          await drop(db, 'task_e');
          await drop(db, 'task_d');
        },
        { task_id: '', seq: 2, why: /covers 4 events, 2 are/ },
      ],
      ['a chain written anew', (db) => rewrite(db, 'task_b', ['{"task_id":"x"}']), { task_id: '', seq: 1 }],
      [
        'two tasks exchanged in order',
        async (db) => {
          const move = (from: number, to: number) =>
            db.updateTable('events').set({ position: to }).where('position', '=', from).execute();
          for (const [from, to] of [
            [1, 901],
            [3, 1],
            [901, 3],
          ] as const)
            await move(from, to);
        },
        { task_id: '', seq: 1, why: /changed, moved or exchanged/ },
      ],
      [
        'an anchor and what it covers dropped',
        async (db) => {
          for (const task_id of ['task_c', 'task_d', 'task_e']) await drop(db, task_id);
          await db.deleteFrom('anchors').where('seq', '=', 2).execute();
        },
        { task_id: '', seq: 2, why: /lacks this anchor/ },
      ],
      [
        'all rows and anchors gone',
        async (db) => {
          for (const table of ['events', 'tasks', 'anchors'] as const) await db.deleteFrom(table).execute();
        },
        { task_id: '', seq: 1, why: /lacks this anchor/ },
      ],
    ])('ATK-J3: %s is found and named', async (_what, act, found) => {
      await fill();
      expect(await store.verifyChain()).toMatchObject({ ok: true });
      if (kind === 'postgres') await cluster.query(`ALTER TABLE anchors_${schema}.events ALTER position DROP IDENTITY`);
      await attack(act);
      const { why, ...named } = { why: /./, ...found };
      const verdict = await store.verifyChain();
      expect(verdict).toMatchObject({ ok: false, ...named });
      expect(verdict.ok ? '' : verdict.why).toMatch(why);
    });

    test('ATK-J3: all chains and anchors written anew, signed with another key, do not pass', async () => {
      await fill();
      const mine = readFileSync(seam.file);
      await attack(async (db) => {
        await rewrite(db, 'task_a', ['{"task_id":"x"}']);
        await db.deleteFrom('anchors').execute();
      });
      const forger = { file: join(folder, 'forged.jsonl'), ...keysOf() };
      await reopen(forger);
      await store.anchor();
      expect(await store.verifyChain()).toMatchObject({ ok: true });
      expect(await store.verifyChain({ verify: seam.verify })).toMatchObject({
        ok: false,
        seq: 1,
        why: /not signed by us/,
      });
      writeFileSync(seam.file, mine);
      expect(await store.verifyChain({ written: readAnchors(seam.file) })).toMatchObject({ ok: false, seq: 1 });
    });

    test('retention takes only what is anchored, and checking goes on behind it', async () => {
      await fill();
      clock.advance(60_000);
      await finish('task_f');
      expect(await store.prune(clock.now() - 60_000)).toBe(2); // a and b: the others are as young as the cut
      expect(await store.prune(clock.now() + 1)).toBe(2); // c and d: the rest is not anchored
      expect(await store.verifyChain()).toEqual({ ok: true, tasks: 2, events: 4, anchors: 2 });
      await store.anchor();
      expect(await store.prune(clock.now() + 1)).toBe(1); // e: the newest event always stays
      expect(await store.verifyChain()).toEqual({ ok: true, tasks: 1, events: 2, anchors: 3 });
      await finish('task_g');
      await store.anchor();
      expect(await store.verifyChain()).toEqual({ ok: true, tasks: 2, events: 4, anchors: 4 });
      await reopen();
      expect(await store.verifyChain()).toMatchObject({ ok: true, anchors: 4 });
    });

    test('ATK-J3: what retention left behind stays covered, and its checkpoints cannot be made up or taken back', async () => {
      await fill();
      clock.advance(60_000);
      expect(await store.prune(clock.now() - 60_000)).toBe(2);
      await store.anchor();
      expect(await store.verifyChain()).toMatchObject({ ok: true });
      const checkpoints = await store.db.selectFrom('checkpoints').selectAll().execute();
      await attack((db) => db.deleteFrom('checkpoints').execute());
      expect(await store.verifyChain()).toMatchObject({
        ok: false,
        why: 'checkpoint 1, which the anchor knows, is missing',
      });
      await attack((db) =>
        db
          .insertInto('checkpoints')
          .values(checkpoints.map((row) => ({ ...row, signature: 'AAAA' })))
          .execute(),
      );
      expect(await store.verifyChain()).toMatchObject({ ok: false, seq: 1, why: 'the checkpoint is not ours' });
    });

    test('ATK-J3: retention signs nothing away: what was changed, or made to look old or finished, does not go', async () => {
      await fill();
      clock.advance(60_000);
      const at = new Date(clock.now()).toISOString();
      const opens = { root_id: 'task_open', parent_id: null, skill: 'analyze_threat', deadline: at };
      await store.append({ task_id: 'task_open', at, opens, arrows: [{ type: 'accepted', payload: null }] });
      await store.anchor();
      await finish('task_z');
      const old = '2020-01-01T00:00:00.000Z';
      await attack((db) => db.updateTable('tasks').set({ final_at: old }).execute());
      expect(await store.prune(Date.parse('2020-02-01'))).toBe(0);
      await attack((db) =>
        db.updateTable('tasks').set({ final_at: null }).where('task_id', '!=', 'task_open').execute(),
      );
      await expect(store.prune(clock.now() + 1)).rejects.toThrow('not what its events say');
      await attack((db) =>
        db.updateTable('tasks').set({ final_at: null }).where('task_id', '=', 'task_open').execute(),
      );
      await attack((db) => db.updateTable('tasks').set({ final_at: old }).where('task_id', '=', 'task_a').execute());
      await attack((db) => rewrite(db, 'task_b', ['"x"']));
      await expect(store.prune(clock.now() + 1)).rejects.toThrow('the events of anchor 1 are not those it covers');
      expect(await store.db.selectFrom('tasks').select('task_id').execute()).toHaveLength(7);
    });

    test('a node that cannot sign does not forget what is anchored', async () => {
      await fill();
      await store.close();
      store = await openStore({
        database:
          kind === 'sqlite'
            ? { kind, file: join(folder, 'ledger.db') }
            : { kind, url: cluster.url, schema: `anchors_${schema}` },
        durability: 'full',
        clock,
        log: silentLog,
      });
      await expect(store.prune(clock.now() + 1)).rejects.toThrow('only by a node that can sign');
      await expect(store.anchor()).rejects.toThrow('without a file for anchors');
      expect(await store.verifyChain()).toMatchObject({ ok: true, anchors: 2 });
    });

    test('a torn last line is written again, a lost file made anew, a file of something else refused', async () => {
      await fill();
      const whole = readFileSync(seam.file, 'utf8');
      truncateSync(seam.file, whole.length - 20);
      expect(readAnchors(seam.file)).toHaveLength(1);
      await reopen();
      await store.anchor();
      expect(readFileSync(seam.file, 'utf8').startsWith(whole)).toBe(true);
      expect(readAnchors(seam.file)).toHaveLength(3);
      rmSync(seam.file);
      await reopen();
      await store.anchor();
      expect(readAnchors(seam.file)).toHaveLength(3);
      appendFileSync(seam.file, '{"seq":4}\n');
      await expect(store.verifyChain()).rejects.toThrow('line 4 of the anchor file is no anchor');
    });

    test('a database that is older than its anchors is said to be, when checked and when anchored', async () => {
      await finish('task_a');
      await store.anchor();
      await attack(async (db) => {
        await drop(db, 'task_a');
        await db.deleteFrom('anchors').execute();
      });
      await finish('task_b');
      await reopen();
      expect(await store.verifyChain()).toMatchObject({ ok: false, why: /older copy/ });
      await expect(store.anchor()).rejects.toThrow('older than its anchors');
    });
  });
});
