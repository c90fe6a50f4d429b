/** People, sessions and keys, on every database: what lets somebody in, and what ends it. */
import { expect, test } from 'vitest';
import { permissionsOf, type Caller, type UserRole } from '../../protocol/index.ts';
import { drainedIn, openRecords, scopeOf } from '../../soc/index.ts';
import { onEveryDatabase } from '../support/soc.ts';

const system = { sub: 'system' };
const callerOf = (username: string, role: UserRole, more: Partial<Caller> = {}): Caller => ({
  sub: `user:${username}`,
  username,
  role,
  permissions: permissionsOf(role),
  ...more,
});

onEveryDatabase('people', (soc) => {
  test('the first administrator is made once, with a password that nobody stored', async () => {
    const { users, store } = soc();
    const made = await users.ensureAdmin();
    expect(made?.one_time_password).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
    expect(await users.ensureAdmin()).toBeUndefined();
    expect(await users.prove('admin', made?.one_time_password ?? '')).toMatchObject({
      role: 'admin',
      must_change_password: true,
    });
    const [row] = await store.db.selectFrom('users').selectAll().execute();
    expect(row?.password).toMatch(/^\$scrypt\$ln=4,r=8,p=1\$/);
    expect(JSON.stringify(row)).not.toContain(made?.one_time_password);
  });

  test('a wrong password, an unknown name and a disabled user all prove nothing', async () => {
    const { users } = soc();
    await users.ensureAdmin();
    await users.create(system, { username: 'anna', role: 'analyst', password: 'correct horse battery' });
    expect(await users.prove('anna', 'correct horse battery')).toMatchObject({ username: 'anna' });
    expect(await users.prove('anna', 'wrong')).toBeUndefined();
    expect(await users.prove('nobody', 'wrong')).toBeUndefined();
    await users.update(system, { username: 'anna', disabled: true });
    expect(await users.prove('anna', 'correct horse battery')).toBeUndefined();
  });

  test('somebody must stay who administers: the last one is neither demoted, disabled nor deleted', async () => {
    const { users } = soc();
    await users.ensureAdmin();
    await expect(users.update(system, { username: 'admin', role: 'viewer' })).rejects.toMatchObject({ code: 4090 });
    await expect(users.update(system, { username: 'admin', disabled: true })).rejects.toMatchObject({ code: 4090 });
    await expect(users.remove(system, 'admin')).rejects.toMatchObject({ code: 4090 });
    expect(await users.find('admin')).toMatchObject({ role: 'admin', disabled: false });
    await users.create(system, { username: 'bert', role: 'admin' });
    await users.remove(system, 'admin');
    expect(await users.find('admin')).toBeUndefined();
  });

  test('no two users share a name, and a reset password is a one-time one', async () => {
    const { users } = soc();
    await users.create(system, { username: 'anna', role: 'analyst', password: 'correct horse battery' });
    await expect(users.create(system, { username: 'anna', role: 'viewer' })).rejects.toMatchObject({ code: 4090 });
    await expect(users.create(system, { username: 'me', role: 'viewer' })).rejects.toMatchObject({ code: 4090 });
    const { one_time_password, must_change_password } = await users.update(system, {
      username: 'anna',
      reset_password: true,
    });
    expect(must_change_password).toBe(true);
    expect(await users.prove('anna', 'correct horse battery')).toBeUndefined();
    expect(await users.prove('anna', one_time_password ?? '')).toMatchObject({ username: 'anna' });
  });
});

onEveryDatabase('sessions', (soc) => {
  const signIn = async () => {
    const { users, sessions } = soc();
    const user = await users.create(system, { username: 'anna', role: 'analyst', password: 'correct horse battery' });
    return sessions.begin({ sub: 'user:anna' }, user);
  };

  test('ATK-B6: a refresh token used twice ends the session, and stands on the record', async () => {
    const { sessions, audit, changed } = soc();
    const first = await signIn();
    const second = await sessions.refresh({ remote: '192.0.2.1' }, first.refresh_token);
    expect(second.session_id).toBe(first.session_id);
    expect(await sessions.find(first.session_id)).toMatchObject({ username: 'anna' });
    await expect(sessions.refresh({}, first.refresh_token)).rejects.toMatchObject({ code: 4012 });
    expect(await sessions.find(first.session_id)).toBeUndefined();
    await expect(sessions.refresh({}, second.refresh_token)).rejects.toMatchObject({ code: 4011 });
    expect(changed.length).toBeGreaterThan(0);
    const { items } = await audit.list({ limit: 5, action: 'session.reuse' });
    expect(items).toMatchObject([{ actor: 'user:anna', outcome: 'refused', target: first.session_id }]);
  });

  test('of two refreshes at once one is given tokens, and the session is over', async () => {
    const { sessions } = soc();
    const { refresh_token, session_id } = await signIn();
    const both = await Promise.allSettled([sessions.refresh({}, refresh_token), sessions.refresh({}, refresh_token)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await sessions.find(session_id)).toBeUndefined();
  });

  test('ATK-B4 ATK-B5: what ends with signing out, with a new password, with being disabled and with being deleted', async () => {
    const { sessions, users } = soc();
    const first = await signIn();
    await sessions.end({ sub: 'user:anna' }, first.session_id);
    expect(await sessions.find(first.session_id)).toBeUndefined();
    await expect(sessions.refresh({}, first.refresh_token)).rejects.toMatchObject({ code: 4011 });
    for (const act of [
      async () => users.setPassword(system, (await users.find('anna'))!, 'another good password'),
      () => users.update(system, { username: 'anna', disabled: true }),
      () => users.remove(system, 'anna'),
    ]) {
      await users.update(system, { username: 'anna', disabled: false });
      const user = await users.find('anna');
      if (!user) throw new Error('anna is gone too early');
      const { session_id } = await sessions.begin({ sub: 'user:anna' }, user);
      expect(await sessions.find(session_id)).toBeDefined();
      await act();
      expect(await sessions.find(session_id)).toBeUndefined();
    }
  });

  test('ATK-B5: whoever changes their own password goes on where they did it, and nowhere else', async () => {
    const { sessions, users, changed } = soc();
    const here = await signIn();
    const by = { sub: 'user:anna' };
    const there = await sessions.begin(by, (await users.find('anna'))!);
    const looked = changed.length;
    await users.setPassword(by, (await users.find('anna'))!, 'another good password', here);
    expect(await sessions.find(there.session_id)).toBeUndefined();
    await expect(sessions.refresh({}, there.refresh_token)).rejects.toMatchObject({ code: 4011 });
    expect(await sessions.find(here.session_id)).toMatchObject({ username: 'anna' });
    expect(await sessions.refresh({}, here.refresh_token)).toMatchObject({ session_id: here.session_id });
    expect(changed.length).toBe(looked + 1);
  });

  test('of too many sessions the oldest ends, and what it opened is looked at again', async () => {
    const { sessions, users, changed, clock } = soc();
    const first = await signIn();
    const user = (await users.find('anna'))!;
    const begin = () => sessions.begin({ sub: 'user:anna' }, user);
    for (let count = 1; count < 100; count++) {
      clock.advance(1);
      await begin();
    }
    const looked = changed.length;
    expect(await sessions.find(first.session_id)).toMatchObject({ username: 'anna' });
    clock.advance(1);
    await begin();
    expect(await sessions.find(first.session_id)).toBeUndefined();
    expect(changed.length).toBe(looked + 1);
  });

  test('ATK-B4: what an old password proved begins nothing, and changes nothing, once it was reset, changed or disabled', async () => {
    const { sessions, users, store } = soc();
    await users.create(system, { username: 'anna', role: 'analyst', password: 'correct horse battery' });
    const by = { sub: 'user:anna' };
    const provedThen = async (password: string, act: () => Promise<unknown>) => {
      const proved = await users.prove('anna', password);
      if (!proved) throw new Error('the password is not right');
      await act();
      const refusal = { code: 4010, message: expect.stringContaining('sign in again') as string };
      await expect(sessions.begin(by, proved)).rejects.toMatchObject(refusal);
      await expect(users.setPassword(by, proved, 'the second of two')).rejects.toMatchObject(refusal);
      const open = await store.db.selectFrom('sessions').selectAll().where('ended_at', 'is', null).execute();
      expect(open).toEqual([]);
    };
    const first = await users.prove('anna', 'correct horse battery');
    await provedThen('correct horse battery', () => users.setPassword(by, first!, 'the first of two'));
    let given: string | null = null;
    await provedThen('the first of two', async () => {
      given = (await users.update(system, { username: 'anna', reset_password: true })).one_time_password;
    });
    await provedThen(given ?? '', () => users.update(system, { username: 'anna', disabled: true }));
    await users.update(system, { username: 'anna', disabled: false });
    await provedThen(given ?? '', () => users.remove(system, 'anna'));
  });

  test('a session is over after a week of silence, and after a month in any case', async () => {
    const { sessions, clock } = soc();
    let issued = await signIn();
    const day = 86_400_000;
    for (let nth = 0; nth < 5; nth++) {
      clock.advance(6 * day);
      if (nth < 4) issued = await sessions.refresh({}, issued.refresh_token);
    }
    clock.advance(day);
    await expect(sessions.refresh({}, issued.refresh_token)).rejects.toMatchObject({ code: 4011 });
    await sessions.prune(clock.now());
    expect(await soc().store.db.selectFrom('sessions').selectAll().execute()).toEqual([]);
  });
});

onEveryDatabase('keys', (soc) => {
  const make = async (scopes: Caller['permissions'] = ['alerts:write']) => {
    const { users, keys, sessions } = soc();
    const user = await users.create(system, { username: 'anna', role: 'analyst', password: 'correct horse battery' });
    const { session_id } = await sessions.begin({ sub: 'user:anna' }, user);
    const anna = callerOf('anna', 'analyst', { session_id });
    return { anna, key: await keys.create({ sub: anna.sub }, anna, { name: 'siem', scopes: [...scopes] }) };
  };

  test('ATK-B11: what is stored is a hash: with all of the database nobody has a key', async () => {
    const { store, keys, clock } = soc();
    const { key } = await make();
    expect(key.api_key).toMatch(/^aurora_key_[0-9a-f]{56}$/);
    const rows = JSON.stringify(await store.db.selectFrom('api_keys').selectAll().execute());
    expect(rows).not.toContain(key.api_key.slice('aurora_key_'.length + 10, -6));
    expect(await keys.find(key.api_key)).toMatchObject({ sub: 'user:anna', role: 'api_service', key_id: key.key_id });
    for (const wrong of [key.api_key.replace(/.$/, 'x'), `${key.prefix}${'0'.repeat(46)}`, '', 'aurora_key_']) {
      expect(await keys.find(wrong)).toBeUndefined();
    }
    clock.advance(91 * 86_400_000);
    expect(await keys.find(key.api_key)).toBeUndefined();
  });

  test('keys that are over are forgotten after the retention, those that count are not, and the audit record goes on naming them', async () => {
    const { keys, clock, audit, store } = soc();
    const prune = (before_ms: number) => soc().prune(before_ms);
    const day = 86_400_000;
    const { anna, key: revoked } = await make();
    const by = { sub: anna.sub };
    const made = (name: string, expires_in_days: number) =>
      keys.create(by, anna, { name, scopes: ['alerts:write'], expires_in_days });
    await made('over', 1);
    const good = await made('good', 365);
    await keys.revoke(by, anna, revoked.key_id);
    clock.advance(2 * day);
    const names = async () => (await keys.list({ limit: 10 })).items.map(({ name }) => name).sort();
    await prune(clock.now() - 3 * day);
    expect(await names()).toEqual(['good', 'over', 'siem']);
    await prune(clock.now() - 1.5 * day); // revoked two days ago, over since one
    expect(await names()).toEqual(['good', 'over']);
    clock.advance(day);
    await keys.revoke(by, anna, good.key_id);
    await prune(clock.now() - 1.5 * day);
    expect(await names()).toEqual(['good']);
    expect(await store.db.selectFrom('refresh_tokens').selectAll().execute()).toHaveLength(1);
    clock.advance(30 * day);
    await audit.write(by, { action: 'key.revoke', target: revoked.key_id });
    await prune(clock.now() - day);
    expect([await names(), await store.db.selectFrom('refresh_tokens').selectAll().execute()]).toEqual([[], []]);
    expect((await audit.list({ limit: 5 })).items.map(({ target }) => target)).toEqual([revoked.key_id]);
  });

  test('ATK-B12: nobody makes a key wider than themselves, a key makes none, and others’ keys do not exist', async () => {
    const { keys, users } = soc();
    const { anna, key } = await make();
    const wide = { name: 'wide', scopes: ['system:write' as const] };
    await expect(keys.create({ sub: anna.sub }, anna, wide)).rejects.toMatchObject({ code: 4030 });
    const as_key = await keys.find(key.api_key);
    if (!as_key) throw new Error('the key does not count');
    await expect(
      keys.create({ sub: anna.sub }, as_key, { name: 'more', scopes: ['alerts:write'] }),
    ).rejects.toMatchObject({ code: 4030 });
    await users.create(system, { username: 'bert', role: 'analyst' });
    const bert = callerOf('bert', 'analyst');
    await expect(keys.revoke({ sub: bert.sub }, bert, key.key_id)).rejects.toMatchObject({ code: 4040 });
    await keys.revoke({ sub: anna.sub }, anna, key.key_id);
    expect(await keys.find(key.api_key)).toBeUndefined();
  });

  test.each<[string, (session_id: string) => Promise<unknown>]>([
    ['signed out', (session_id) => soc().sessions.end({ sub: 'user:anna' }, session_id)],
    ['disabled', () => soc().users.update(system, { username: 'anna', disabled: true })],
    ['given a new first password', () => soc().users.update(system, { username: 'anna', reset_password: true })],
    ['deleted', () => soc().users.remove(system, 'anna')],
    [
      'deleted, and their name given to somebody else',
      async () => {
        await soc().users.remove(system, 'anna');
        await soc().users.create(system, { username: 'anna', role: 'admin' });
      },
    ],
  ])('ATK-B4 ATK-B12: whoever was %s while they asked is left no key', async (_what, act) => {
    const { keys, store } = soc();
    const { anna, key } = await make();
    await keys.revoke({ sub: anna.sub }, anna, key.key_id);
    await act(anna.session_id ?? '');
    const late = keys.create({ sub: anna.sub }, anna, { name: 'late', scopes: ['alerts:write'] });
    await expect(late).rejects.toMatchObject({ code: 4010 });
    const kept = await store.db.selectFrom('api_keys').selectAll().where('name', '=', 'late').execute();
    expect(kept).toEqual([]);
  });

  test('of a hundred keys those that ran out make room, and before that one is told to revoke one', async () => {
    const { keys, clock } = soc();
    const { anna } = await make();
    const more = () =>
      keys.create({ sub: anna.sub }, anna, { name: 'x', scopes: ['alerts:write'], expires_in_days: 1 });
    for (let count = 1; count < 100; count++) await more();
    await expect(more()).rejects.toMatchObject({
      code: 4090,
      message: expect.stringContaining('revoke one') as string,
    });
    clock.advance(86_400_000);
    expect(await more()).toMatchObject({ username: 'anna' });
  });

  test('a key holds what both its scopes and its owner hold now', async () => {
    const { keys, users } = soc();
    const { key } = await make(['alerts:read', 'alerts:write']);
    await users.update(system, { username: 'anna', role: 'viewer' });
    expect((await keys.find(key.api_key))?.permissions).toEqual(['alerts:read']);
    await users.update(system, { username: 'anna', disabled: true });
    expect(await keys.find(key.api_key)).toBeUndefined();
  });
});

onEveryDatabase('answers and settings', (soc) => {
  test('REQ-T06: a repetition is given the first answer, also while that is made; another body is 4090', async () => {
    const { answers, clock } = soc();
    let runs = 0;
    const act = async () => ({ status: 201, body: String((runs += 1)), keep: true });
    const both = await Promise.all([
      answers.once({ scope: 's', digest: 'd' }, act),
      answers.once({ scope: 's', digest: 'd' }, act),
    ]);
    expect(both.map(({ body, replayed }) => [body, replayed])).toEqual([
      ['1', false],
      ['1', true],
    ]);
    expect(await answers.once({ scope: 's', digest: 'd' }, act)).toEqual({ status: 201, body: '1', replayed: true });
    await expect(answers.once({ scope: 's', digest: 'e' }, act)).rejects.toMatchObject({ code: 4090 });
    clock.advance(86_400_000);
    expect(await answers.once({ scope: 's', digest: 'e' }, act)).toMatchObject({ body: '2', replayed: false });
  });

  test('what failed is not kept: it may be tried again', async () => {
    const { answers } = soc();
    const asked = { scope: 's', digest: 'd' };
    await expect(answers.once(asked, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await answers.once(asked, async () => ({ status: 200, body: '', keep: true }))).toMatchObject({
      replayed: false,
    });
  });

  test('PROM-P2 INV5: an answer is kept with what it tells or not at all: whoever dies behind it does not do it twice', async () => {
    const { answers, alerts, store } = soc();
    const asked = { scope: 's', digest: 'd' };
    const alert = { title: 'once', severity: 'low', source: 'test' } as const;
    const dying = (fails: 'within' | 'behind') =>
      answers.once(asked, async (keep) => {
        await alerts.create(system, alert, 'refuse', async (trx, made) => {
          await keep(trx, { status: 201, body: made.alert.alert_id });
          if (fails === 'within') throw new Error('died');
        });
        throw new Error('died');
      });
    await expect(dying('within')).rejects.toThrow('died');
    expect(await store.db.selectFrom('answers').selectAll().execute()).toEqual([]);
    expect((await alerts.list({ limit: 5, sort: 'created_at' })).items).toEqual([]);
    await expect(dying('behind')).rejects.toThrow('died');
    const [kept] = (await alerts.list({ limit: 5, sort: 'created_at' })).items;
    expect(await dying('behind')).toEqual({ status: 201, body: kept?.alert_id, replayed: true });
  });

  test('whoever is given the name of somebody deleted is not given their answers', async () => {
    const { answers, users } = soc();
    const act = async () => ({ status: 201, body: 'told', keep: true });
    const once = (sub: string) => answers.once({ scope: scopeOf(sub, 'alerts.create', 'k'), digest: 'd' }, act);
    for (const username of ['anna', 'anna-b', 'ann']) {
      await users.create(system, { username, role: 'analyst' });
      await once(`user:${username}`);
    }
    await users.remove(system, 'anna');
    await once('user:anna'); // was under way
    await users.create(system, { username: 'anna', role: 'analyst' });
    expect(await once('user:anna')).toMatchObject({ replayed: false });
    for (const sub of ['user:anna-b', 'user:ann']) expect(await once(sub)).toMatchObject({ replayed: true });
    await users.remove(system, 'anna');
    expect(await once('user:anna')).toMatchObject({ replayed: false });
  });

  test('REQ-T02: who was drained is so after a restart, until somebody resumes it; each is on the audit record', async () => {
    const { agents, audit, deps } = soc();
    const admin = { sub: 'user:admin' };
    for (const agent_id of ['ada', 'bob', 'ada']) await agents.setDrained(admin, agent_id, true);
    const again = await openRecords(deps);
    expect((await drainedIn(deps.store)).sort()).toEqual(['ada', 'bob']);
    await Promise.all([again.agents.setDrained(admin, 'ada', false), again.agents.setDrained(admin, 'cy', true)]);
    expect((await drainedIn(deps.store)).sort()).toEqual(['bob', 'cy']);
    expect(again.settings.now().version).toBe(0); // a record of its own
    const { items } = await audit.list({ limit: 10, action: 'agent.drain' });
    expect(items.map(({ target }) => target)).toEqual(['cy', 'ada', 'bob', 'ada']);
  });

  test('settings are changed at their version, and are there after a restart', async () => {
    const { settings, deps } = soc();
    await settings.change({ sub: 'user:admin' }, { mode: 'dry_run', limits: { user_minute_max: 7 } }, 0);
    await expect(settings.change({ sub: 'user:admin' }, { mode: 'active' }, 0)).rejects.toMatchObject({
      code: 4120,
      detail: { version: 1 },
    });
    const again = await openRecords(deps);
    expect(again.settings.now()).toMatchObject({
      mode: 'dry_run',
      limits: { user_minute_max: 7, key_minute_max: 6_000 },
      version: 1,
      updated_by: 'user:admin',
    });
  });

  test('of two changes of the settings at once only one is made at a version, and each tells what it found', async () => {
    const { settings, audit } = soc();
    const change = (mode: 'dry_run' | 'active') => settings.change({ sub: 'user:admin' }, { mode }, 0);
    const outcomes = await Promise.allSettled([change('dry_run'), change('active')]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 4120, detail: { version: 1 } } },
    ]);
    expect(settings.now()).toMatchObject({ mode: 'dry_run', version: 1 });

    const by = { sub: 'user:bert' };
    const [mine, theirs] = [{ duplicate_window_hours: 3 }, { limits: { user_minute_max: 7 } }];
    await Promise.all([settings.change(by, mine), settings.change(by, theirs)]);
    expect(settings.now()).toMatchObject({ mode: 'dry_run', ...mine, ...theirs, version: 3 });
    const { items } = await audit.list({ limit: 2, action: 'settings.change' });
    expect(items).toMatchObject([
      { detail: { before: mine, after: { ...mine, ...theirs } } },
      { detail: { before: { mode: 'dry_run', duplicate_window_hours: 24 }, after: mine } },
    ]);
  });
});
