/** Follows one stream of the API: every event a line of JSON on stdout, taken up again where it was left (`after_seq`). */
import { WebSocket } from 'ws';

const [stream, events = '1', after] = process.argv.slice(2);
const { TOKEN: token, API: api = 'http://127.0.0.1:8080/api/v1' } = process.env;
if (!stream || !token) {
  console.error('usage: TOKEN=… node follow.mjs <alerts | agent-thoughts | …> [how many events] [after_seq]');
  process.exit(2);
}
const query = after === undefined ? '' : `?after_seq=${after}`;
const socket = new WebSocket(`${api.replace(/^http/, 'ws')}/ws/${stream}${query}`, {
  headers: { authorization: `Bearer ${token}` },
});
let left = Number(events);
socket.on('open', () => console.error(`following ${stream}`));
socket.on('message', (text) => {
  const event = JSON.parse(text);
  if (event.type === 'heartbeat' || left === 0) return; // a heartbeat says that the stream lives, and where it stands
  console.log(JSON.stringify(event));
  left -= 1;
  if (left === 0) socket.close();
});
socket.on('unexpected-response', (_request, { statusCode }) => {
  console.error(`refused with ${statusCode}`);
  process.exit(1);
});
socket.on('error', ({ message }) => console.error(message));
socket.on('close', (code) => process.exit(left <= 0 ? 0 : code === 1000 ? 0 : 1));
