import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../foundation/metrics.js';

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Measures every answer, by method, route and status. A stream of events is none: it ends when its reader goes. */
export function measureRequests(instance: FastifyInstance, metrics: Metrics): void {
  const duration = metrics.histogram(
    'gs_http_request_duration_seconds',
    'Time from a request to its answer, by method, route and status code',
    BUCKETS_SECONDS,
    ['method', 'route', 'code'],
  );
  instance.addHook('onResponse', async (request, reply) => {
    if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) return;
    // Paths that no route has are one series: whoever asks could make as many as he likes.
    const route = request.routeOptions.url ?? 'none';
    duration.observe({ method: request.method, route, code: String(reply.statusCode) }, reply.elapsedTime / 1_000);
  });
}
