/** The normal form of events: whatever shape a record comes in, rules find the same fields in it. */
import { expect, test } from 'vitest';
import { normalizeEvent, textsOf, timesOf, toEcs, fieldOf, type LogEvent } from '../../../analysis/events/index.ts';
import { dataJson, describeWithData } from '../../support/data.ts';

const read = (raw: unknown): LogEvent => {
  const event = normalizeEvent(raw, 'line 1');
  if (!event) throw new Error('no event');
  return event;
};
const system = { Channel: 'Security', EventID: 4688, Computer: 'WS1' };

test('the nested form of readers and the flat form of collectors say the same', () => {
  const nested = read({
    Event: {
      System: {
        Provider: { '#attributes': { Name: 'Microsoft-Windows-Sysmon' } },
        EventID: 1,
        Channel: 'Microsoft-Windows-Sysmon/Operational',
        Computer: 'WS1',
        TimeCreated: { '#attributes': { SystemTime: '2026-02-04T08:52:58.205267Z' } },
      },
      EventData: { Image: 'C:\\x.exe' },
    },
  });
  const flat = read({
    SourceName: 'Microsoft-Windows-Sysmon',
    EventID: 1,
    Channel: 'Microsoft-Windows-Sysmon/Operational',
    Hostname: 'WS1',
    '@timestamp': '2026-02-04T08:52:58.205Z',
    Image: 'C:\\x.exe',
  });
  for (const field of ['Provider_Name', 'Computer', 'Image', 'EventID', 'Channel']) {
    expect(fieldOf(flat, field)).toEqual(fieldOf(nested, field));
  }
  expect(flat.origin).toEqual(nested.origin);
  expect(flat.origin).toEqual({
    product: 'windows',
    service: 'sysmon',
    categories: ['process_creation'],
    channel: 'Microsoft-Windows-Sysmon/Operational',
    event_id: '1',
  });
  expect([nested.clock, flat.clock]).toEqual(['SystemTime', '@timestamp']);
  expect(flat.at_ms).toBe(nested.at_ms);
});

test('a connection of the filter platform has the drive and the protocol that rules ask for, and what it wrote stays beside', () => {
  const connection = (Application: string, Protocol: unknown): LogEvent =>
    read({ Event: { System: { ...system, EventID: 5156 }, EventData: { Application, Protocol } } });
  const volume = '\\device\\harddiskvolume2\\program files\\app\\app.exe';
  const tcp = connection(volume, '6');
  expect(textsOf(tcp, 'Image')).toEqual(['C:\\program files\\app\\app.exe', volume]);
  expect(textsOf(tcp, 'Application')).toEqual([volume]);
  expect(textsOf(tcp, 'Protocol')).toEqual(['tcp', '6']);
  const udp = connection('\\device\\mup\\server\\share\\app.exe', 17);
  expect(textsOf(udp, 'Image')).toEqual(['\\device\\mup\\server\\share\\app.exe']);
  expect(textsOf(udp, 'Protocol')).toEqual(['udp', '17']);
  for (const other of ['1', 'constructor']) {
    expect(textsOf(connection('System', other), 'Protocol')).toEqual([other]);
  }
});

test('a new process of the Security log is found under the names that Sysmon gives, and its own stay', () => {
  const event = read({
    Event: {
      System: system,
      EventData: {
        NewProcessName: 'C:\\a.exe',
        ParentProcessName: 'C:\\b.exe',
        NewProcessId: '0x988',
        ProcessId: '0x1660',
        MandatoryLabel: 'S-1-16-12288',
      },
    },
  });
  expect(fieldOf(event, 'Image')).toBe('C:\\a.exe');
  expect(fieldOf(event, 'NewProcessName')).toBe('C:\\a.exe');
  expect(fieldOf(event, 'IntegrityLevel')).toBe('High');
  expect(fieldOf(event, 'process.pid')).toBe('0x988');
  expect(fieldOf(event, 'process.parent.pid')).toBe('0x1660');
  expect(event.origin.categories).toEqual(['process_creation']);
});

test('hashes are split, Defender names lose their spaces, user data loses its wrapper, unnamed data is Data', () => {
  const sysmon = read({ Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 7, Hashes: 'MD5=AA,IMPHASH=BB' });
  expect([fieldOf(sysmon, 'md5'), fieldOf(sysmon, 'Imphash')]).toEqual(['AA', 'BB']);
  const defender = read({
    Event: {
      System: { Channel: 'Microsoft-Windows-Windows Defender/Operational', EventID: 1116 },
      EventData: { 'Threat Name': 'X' },
    },
  });
  expect(fieldOf(defender, 'ThreatName')).toBe('X');
  const user = read({
    Event: { System: system, UserData: { RuleAndFileData: { '#attributes': { xmlns: 'u' }, PolicyName: 'EXE' } } },
  });
  expect(fieldOf(user, 'PolicyName')).toBe('EXE');
  const data = read({ Event: { System: system, EventData: { Data: { '#text': ['one', 'two'] } } } });
  expect(textsOf(data, 'Data')).toEqual(['one', 'two']);
});

test('both spellings of an address and of a registry path are values of the field', () => {
  const logon = read({ Channel: 'Security', EventID: 4624, IpAddress: '::ffff:10.0.0.5' });
  expect(textsOf(logon, 'IpAddress')).toEqual(['10.0.0.5', '::ffff:10.0.0.5']);
  const path = '\\REGISTRY\\MACHINE\\SOFTWARE\\Run';
  const set = read({ Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 13, TargetObject: path });
  expect(textsOf(set, 'TargetObject')).toEqual(['HKLM\\SOFTWARE\\Run', path]);
});

test('both times are kept, the zoned one orders, and which it was is said', () => {
  const event = read({
    Channel: 'Security',
    EventID: 1,
    EventTime: '2020-09-04 16:09:55',
    '@timestamp': '2020-09-04T20:09:55.953Z',
  });
  expect(event.clock).toBe('@timestamp');
  expect(timesOf(event.fields).map(({ field, zoned }) => [field, zoned])).toEqual([
    ['@timestamp', true],
    ['EventTime', false],
  ]);
  expect(read({ Channel: 'x', EventID: 1 })).toMatchObject({ at_ms: Number.NaN, clock: undefined });
});

test('event data inside a text is read, as JSON and as XML', () => {
  const json = read({ Channel: 'Security', EventID: 3, EventData: '{"Image":"C:\\\\x.exe"}' });
  const xml = read({
    Channel: 'Security',
    EventID: 3,
    EventData: '<EventData><Data Name="Image">C:\\x.exe</Data></EventData>',
  });
  expect([fieldOf(json, 'Image'), fieldOf(xml, 'Image')]).toEqual(['C:\\x.exe', 'C:\\x.exe']);
  const syslog = read({
    SyslogMessage:
      '<Event><System><Provider Name="Linux-Sysmon"/><EventID>1</EventID><Channel>Linux-Sysmon/Operational</Channel></System><EventData><Data Name="Image">/bin/sh</Data></EventData></Event>',
  });
  expect(syslog.origin).toMatchObject({ product: 'linux', categories: ['process_creation'] });
  expect(fieldOf(syslog, 'process.executable')).toBe('/bin/sh');
});

test('an empty field hides no filled one, whichever was read first, and the system part still comes before the data', () => {
  const started = (event_data: object, process: object): LogEvent =>
    read({ winlog: { channel: 'Security', event_id: 4688, event_data }, process });
  const beat = started(
    { CommandLine: '', NewProcessId: null, SubjectUserName: '', TargetUserName: 'ada' },
    { command_line: 'vssadmin delete shadows', pid: 4711, executable: '' },
  );
  expect(textsOf(beat, 'CommandLine')).toEqual(['vssadmin delete shadows']);
  expect(textsOf(beat, 'NewProcessId')).toEqual(['4711']);
  expect(fieldOf(beat, 'SubjectUserName')).toBe('');
  expect(textsOf(started({ CommandLine: 'whoami' }, { command_line: '' }), 'CommandLine')).toEqual(['whoami']);

  const flat = read({
    ...system,
    CommandLine: '',
    Image: 'C:\\a.exe',
    EventData: { CommandLine: 'whoami', Image: '' },
  });
  expect([textsOf(flat, 'CommandLine'), fieldOf(flat, 'Image')]).toEqual([['whoami'], 'C:\\a.exe']);
  const nested = read({ Event: { System: system, EventData: { Computer: 'WS2', Channel: 'System' } } });
  expect([fieldOf(nested, 'Computer'), fieldOf(nested, 'Channel')]).toEqual(['WS1', 'Security']);
});

test('events of clouds and services say where they are from; what says nothing gets the hint', () => {
  const trail = read({
    eventSource: 'iam.amazonaws.com',
    eventName: 'CreateUser',
    awsRegion: 'eu-west-1',
    userIdentity: { type: 'Root' },
    resources: [{ ARN: 'a' }, { ARN: 'b' }],
  });
  expect(trail.origin).toMatchObject({ product: 'aws', service: 'cloudtrail' });
  expect(fieldOf(trail, 'userIdentity.type')).toBe('Root');
  expect(fieldOf(trail, 'userIdentity')).toBe('{"type":"Root"}');
  expect(textsOf(trail, 'resources.ARN')).toEqual(['a', 'b']);
  expect(
    read({ eventType: 'user.session.start', actor: { alternateId: 'a@b' }, published: '2026-01-01T00:00:00Z' }).origin
      .service,
  ).toBe('okta');
  expect(read({ foo: 1 }).origin).toMatchObject({ product: undefined, service: undefined });
  expect(normalizeEvent({ query: 'x' }, 'line 1', { product: 'zeek', service: 'dns' })?.origin.service).toBe('dns');
});

test('what is no object is no event, and a bomb of nesting or names stays bounded', () => {
  expect([1, 'x', null, []].map((raw) => normalizeEvent(raw, 'line 1'))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  let deep: object = { leaf: 1 };
  for (let depth = 0; depth < 200; depth++) deep = { deep };
  expect(read(deep).fields.size).toBeLessThan(20);
  const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`f${index}`, index]));
  expect(read(wide).fields.size).toBe(2_048);
});

test('names that every object inherits are no fields', () => {
  const event = read(JSON.parse('{"Channel":"Security","EventID":1,"__proto__":"x"}'));
  expect(fieldOf(event, 'constructor')).toBeUndefined();
  expect(fieldOf(event, '__proto__')).toBe('x');
});

describeWithData('the recorded positives of the rule pack', () => {
  test('each record has a channel, an id and a time', () => {
    const { cases } = dataJson('sigma', 'expected.json') as { cases: { case: string }[] };
    const records = cases.flatMap(({ case: id }) => dataJson('sigma', 'regression', id, 'events.json') as unknown[]);
    const events = records.map((raw) => read(raw));
    expect(events.length).toBeGreaterThan(100);
    expect(events.filter(({ origin, clock }) => !origin.channel || !origin.event_id || clock !== 'SystemTime')).toEqual(
      [],
    );
    expect(toEcs(events[0]!)).toHaveProperty('host.name');
  });
});
