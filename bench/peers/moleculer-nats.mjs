/** moleculer over NATS: three nodes and a nats-server, the one in the middle calls on. */
import { createRequire } from 'node:module';
import { brokers } from './brokers.mjs';
import { play } from './role.mjs';

const { ServiceBroker } = createRequire(import.meta.url)('moleculer');

await play(
  brokers((name, _known, nats) => ({
    broker: new ServiceBroker({ nodeID: name, logger: false, transporter: nats }),
    address: nats,
  })),
);
