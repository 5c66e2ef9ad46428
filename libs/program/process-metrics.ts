import { collectDefaultMetrics, Registry } from 'prom-client';

/** Gauges of prom-client that are named like counters. promtool rejects these names, and gs_ metrics say more. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** A new registry with the metrics that every process has: CPU, memory, garbage collection, event loop. */
export function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  return registry;
}
