/** The process: reads its key and configuration, serves its port, announces itself, drains at SIGTERM. */
import { run } from 'aurora-mesh/agent';
import { agent } from './agent.ts';

await run(agent);
