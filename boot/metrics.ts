/** The metrics of a process as Prometheus text, for scrapers on this machine. */
import { isLoopback, type HttpRoute } from '../mesh/index.ts';
import type { Metrics } from '../seams/index.ts';

/**
 * `GET /metrics`: for loopback alone; whoever scrapes from elsewhere puts something in front that knows who asks. For nobody where a
 * proxy stands in front: the whole world comes over loopback then (ATK-D5), and the API has them for who signs in.
 */
export const metricsRoute = (metrics: Pick<Metrics, 'text'>, is_behind_proxy: boolean): HttpRoute => ({
  method: 'GET',
  path: '/metrics',
  async handle(request, response) {
    if (is_behind_proxy || !isLoopback(request.socket.remoteAddress ?? '')) {
      response.writeHead(403).end();
      return;
    }
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end(request.method === 'HEAD' ? undefined : await metrics.text());
  },
});
