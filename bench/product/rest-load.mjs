/** The load generator of the API: dispatches through the shipped client, each waiting for its result. */
import { PARAMS } from '../peers/reference.mjs';
import { play } from '../peers/role.mjs';
import { shipped } from './shipped.mjs';

await play({
  async load(base_url, access_token) {
    const { createClient } = await shipped('client');
    const client = createClient({ base_url, credentials: { access_token } });
    return async () => {
      const to = { skill: 'analyze_threat' };
      const { result } = await client.orchestrator.dispatch({ to, params: PARAMS, wait: true });
      return result;
    };
  },
});
