/** In which order things are told: the same findings give the same bytes. */
export { compareText } from './order.ts';
