/** What is known about indicators from mounted content, and that nobody was asked where nobody could be. */
import { expect, test } from 'vitest';
import { enrichIocs } from '../../../analysis/ioc/index.ts';
import { literalContent } from '../../../seams/index.ts';

test('without content the form is told, and all else is not checked, never clean', () => {
  const result = enrichIocs(
    [
      { type: 'url', value: 'hxxp://a.b.example.co[.]uk/x' },
      { type: 'ip', value: '198.51.100.7' },
      { type: 'domain', value: 'me.github.io' },
      { type: 'md5', value: 'x' },
    ],
    literalContent(),
  );
  const unasked = { warning_lists: 'not_checked', sightings: 'not_checked' };
  expect(result.enriched).toMatchObject([
    {
      host: 'a.b.example.co.uk',
      suffix: 'co.uk',
      registered_domain: 'example.co.uk',
      shared_hosting: false,
      ...unasked,
    },
    { normalized: '198.51.100.7', network: 'not_checked', ...unasked },
    { suffix: 'github.io', shared_hosting: true, ...unasked },
    unasked,
  ]);
  expect(result.enriched[3]).not.toHaveProperty('normalized');
  expect(result.verdict).toBe('inconclusive');
  expect(result.not_checked.map(({ what }) => what)).toContain('who announces the addresses, and where');
});

test('what cannot be read, or is of a type nobody knows, was looked up nowhere: not checked, though all is mounted', () => {
  const content = literalContent([
    { name: 'warninglists', version: '1', data: [{ name: 'Popular', type: 'hostname', list: ['quiet.example'] }] },
    { name: 'intel', version: '2', data: { indicators: [{ type: 'ip', value: '203.0.113.9', source: 'x' }] } },
  ]);
  const iocs = [
    { type: 'ip', value: '999.1.1.1' },
    { type: 'mutex', value: 'Global\\x' },
  ];
  for (const entry of enrichIocs(iocs, content).enriched)
    expect(entry).toMatchObject({ warning_lists: 'not_checked', sightings: 'not_checked' });
});

test('mounted lists, sightings and networks are asked; the narrowest network counts, in both versions', () => {
  const content = literalContent([
    { name: 'warninglists', version: '1', data: [{ name: 'Popular', type: 'hostname', list: ['quiet.example'] }] },
    {
      name: 'intel',
      version: '2',
      data: { indicators: [{ type: 'ip', value: '203.0.113.9', source: 'group\u202e' }] },
    },
    {
      name: 'networks',
      version: '3',
      data: {
        networks: [
          { network: '203.0.113.0/24', asn: 64500, organization: 'Wide' },
          { network: '203.0.113.8/29', asn: 64501, organization: 'Narrow', country: 'XX' },
          { network: '2001:db8::/33', asn: 64502 },
          { network: 'no network', asn: 1 },
        ],
      },
    },
  ]);
  const result = enrichIocs(
    [
      { type: 'ip', value: '203.0.113.9' },
      { type: 'ip', value: '203.0.113.16' },
      { type: 'ip', value: '2001:db8:7fff::1' },
      { type: 'ip', value: '2001:db8:8000::1' },
      { type: 'domain', value: 'www.quiet.example' },
    ],
    content,
  );
  expect(result.enriched).toMatchObject([
    { network: { asn: 64501 }, sightings: [{ source: 'group\\u{202e}' }] },
    { network: { asn: 64500 }, sightings: [] },
    { network: { asn: 64502 } },
    { network: 'unknown' },
    { warning_lists: [{ list: 'Popular', kind: 'harmless' }] },
  ]);
  expect(result.data_versions).toMatchObject({ warninglists: '1', intel: '2', networks: '3' });
});
