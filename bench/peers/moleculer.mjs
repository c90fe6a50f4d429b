/** moleculer over its own TCP transporter: three nodes, the one in the middle calls on. */
import { createRequire } from 'node:module';
import { brokers } from './brokers.mjs';
import { freePort, play } from './role.mjs';

const { ServiceBroker } = createRequire(import.meta.url)('moleculer');

await play(
  brokers(async (name, known) => {
    const port = await freePort();
    const urls = known === '' ? [] : [known];
    const transporter = { type: 'TCP', options: { udpDiscovery: false, port, urls } };
    const broker = new ServiceBroker({ nodeID: name, logger: false, transporter });
    return { broker, address: `tcp://127.0.0.1:${port}/${name}` };
  }),
);
