import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../foundation/metrics.js';

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Measures the time of every answer by method, route and status, except streams of events, which end when their reader
 * leaves.
 */
export function measureRequests(instance: FastifyInstance, metrics: Metrics): void {
  const duration = metrics.histogram(
    'gs_http_request_duration_seconds',
    'Time to answer a request, by method, route and status code; streams of events are not measured',
    BUCKETS_SECONDS,
    ['method', 'route', 'code'],
  );
  instance.addHook('onResponse', async (request, reply) => {
    if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) return;
    // Unknown paths share one series, because clients could make up any number of them.
    const route = request.routeOptions.url ?? 'none';
    duration.observe({ method: request.method, route, code: String(reply.statusCode) }, reply.elapsedTime / 1_000);
  });
}
