/** What both transports of moleculer have in common: an agent, a router that calls it, and whoever calls the router. */
import { PARAMS, RESULT } from './reference.mjs';

/** The roles over brokers that `make` makes: `(name, address of the one before, more words) => { broker, address }`. */
export const brokers = (make) => ({
  async agent(_none, ...words) {
    const { broker, address } = await make('agent', '', ...words);
    broker.createService({ name: 'agent', actions: { analyze_threat: () => RESULT } });
    await broker.start();
    return address;
  },
  async router(known, ...words) {
    const { broker, address } = await make('router', known, ...words);
    broker.createService({
      name: 'router',
      actions: { analyze_threat: ({ params }) => broker.call('agent.analyze_threat', params) },
    });
    await broker.start();
    await broker.waitForServices('agent');
    return address;
  },
  async load(known, ...words) {
    const { broker } = await make('load', known, ...words);
    await broker.start();
    await broker.waitForServices('router');
    return () => broker.call('router.analyze_threat', PARAMS);
  },
});
