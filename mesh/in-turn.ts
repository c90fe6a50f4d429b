/** The requests of each connection, one at a time: whoever sends many at once leaves everybody else their turn. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Does something with a request, and answers it sooner or later. */
type Act = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Answers the requests of one connection in the order they came, the next one in a later turn than the end of the last: Node hands
 * over all that one read brought, a thousand and more, in a single turn. A connection that has more waiting than it may is given to
 * `drop`, which has to end it: whoever reads on gathers what nobody answers.
 */
export function inTurn(act: Act, drop: (socket: Socket) => void, waiting_max = WAITING_MAX): Act {
  const queues = new WeakMap<Socket, (() => void)[]>();

  return (request, response) => {
    const { socket } = request;
    if (socket.destroyed) return; // what came with the one that was too many
    const queue = queues.get(socket);
    const begin = () => {
      response.once('close', () => setImmediate(goOn, socket));
      act(request, response);
    };
    if (!queue) {
      queues.set(socket, []);
      begin();
    } else if (queue.length < waiting_max) queue.push(begin);
    else drop(socket);
  };

  function goOn(socket: Socket): void {
    const next = queues.get(socket)?.shift();
    if (!next || socket.destroyed) queues.delete(socket);
    else next();
  }
}

/** Requests that may wait for the end of the one before: hardly anybody sends a second. */
const WAITING_MAX = 64;
