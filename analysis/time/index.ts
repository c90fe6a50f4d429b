/** Times as machines keep them, brought to UTC. */
export { utcOf } from './filetime.ts';
