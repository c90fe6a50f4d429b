/** Whether a process takes new work, over HTTP, for whoever balances or starts it (PROM-P13, P15). */
import type { HttpRoute } from '../mesh/index.ts';

/** `GET /health/readiness`: 200, or 503 with every cause and when to ask again. */
export const readinessRoute = (causes: () => readonly string[]): HttpRoute => ({
  method: 'GET',
  path: '/health/readiness',
  handle(request, response) {
    const why = causes();
    response.statusCode = why.length === 0 ? 200 : 503;
    response.setHeader('content-type', 'application/json; charset=utf-8');
    if (why.length > 0) response.setHeader('retry-after', RETRY_AFTER_S);
    response.end(request.method === 'HEAD' ? undefined : JSON.stringify({ ready: why.length === 0, causes: why }));
  },
});

const RETRY_AFTER_S = 1;
