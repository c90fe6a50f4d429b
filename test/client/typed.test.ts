/** The client's types follow the route table: what a route takes and answers is known to the compiler. */
import { expectTypeOf, test } from 'vitest';
import { createClient, type StreamEvent, type StreamLoss } from '../../client/index.ts';
import type { Alert, AlertStatus, Dispatched, ToolCall } from '../../protocol/index.ts';

/** What is told of an alert to whoever may change it and not read it: `'hidden' in answer` tells the two apart. */
interface Told {
  alert_id: string;
  status: AlertStatus;
  acknowledged: boolean;
  occurrences: number;
  version: number;
  hidden: 'alerts:read';
}

test('inputs and answers are those of the route, streams those of the stream', () => {
  const client = createClient({ base_url: 'http://127.0.0.1:1' });
  expectTypeOf(client.alerts.acknowledge).parameter(0).toEqualTypeOf<{ alert_id: string }>();
  expectTypeOf(client.alerts.acknowledge).returns.resolves.toEqualTypeOf<Alert | Told>();
  expectTypeOf(client.orchestrator.dispatch).returns.resolves.toEqualTypeOf<Dispatched>();
  expectTypeOf(client.alerts.list).toBeCallableWith();
  expectTypeOf(client.alerts.list).toBeCallableWith({ limit: 5 }, { timeout_ms: 1_000 });
  expectTypeOf(client.system.ticket).toBeCallableWith();
  // @ts-expect-error an alert is named
  expectTypeOf(client.alerts.acknowledge).toBeCallableWith();
  // @ts-expect-error a severity is one of a few words
  expectTypeOf(client.alerts.list).toBeCallableWith({ severity: 'bogus' });
  expectTypeOf(client.streams.toolCalls).parameter(0).toEqualTypeOf<{ agent_id: string }>();
  type Next = ReturnType<ReturnType<typeof client.streams.toolCalls>['next']>;
  expectTypeOf<Awaited<Next>>().toEqualTypeOf<IteratorResult<StreamEvent<ToolCall> | StreamLoss, undefined>>();
  client.close();
});
