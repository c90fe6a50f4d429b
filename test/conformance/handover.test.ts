/** What the kit hands over, and what it holds a peer's schemas and card to: the pure parts. */
import { expect, test } from 'vitest';
import { digestOf } from '../../conformance/digest.ts';
import { newTaskId, routingTo } from '../../conformance/handover.ts';
import { readSchema } from '../../conformance/schemas.ts';
import { Meta } from '../../protocol/index.ts';

test('the routing of a handover is whole, and each is for a task of its own', () => {
  const [one, other] = [routingTo('threat-intel'), routingTo('threat-intel')];
  expect(Meta.parse({ handoff: one })).toMatchObject({ handoff: { to: 'threat-intel', mode: 'dry_run', hop: 1 } });
  expect(one['task_id']).not.toBe(other['task_id']);
  expect(newTaskId().length).toBeLessThanOrEqual(64);
});

test('a card has one digest, however its members are ordered', () => {
  expect(digestOf({ b: 1, a: [1.0, 'ü'] })).toBe(digestOf({ a: [1, 'ü'], b: 1 }));
  expect(digestOf({ a: 1 })).not.toBe(digestOf({ a: 2 }));
  expect(digestOf(undefined)).toBeUndefined();
});

test('a schema that is none says why, and one that is tells what does not fit', () => {
  expect(readSchema({ type: 'text' })).toHaveProperty('fault');
  expect(readSchema('string')).toHaveProperty('fault');
  expect(faultOf({ type: 'string' }, 5)).toMatch('must be string');
  expect(faultOf({ type: 'string' }, 'five')).toBeUndefined();
  expect(faultOf(false, 'anything')).toBeDefined();
});

test('a schema may refer to the components of its document, in the dialect that it names', () => {
  const document = { components: { schemas: { Name: { type: 'string' } } } };
  expect(faultOf({ $ref: '#/components/schemas/Name' }, 5, document)).toMatch('must be string');
  const tuple = { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }] };
  expect(faultOf(tuple, [5])).toMatch('/0 must be string');
});

test('two documents may name different schemas alike', () => {
  expect(faultOf({ $id: 'https://example.org/name', type: 'string' }, 5)).toBeDefined();
  expect(faultOf({ $id: 'https://example.org/name', type: 'integer' }, 5)).toBeUndefined();
});

function faultOf(schema: unknown, value: unknown, document = {}): string | undefined {
  const read = readSchema(schema, document);
  if ('fault' in read) throw new Error(read.fault);
  return read.faultOf(value);
}
