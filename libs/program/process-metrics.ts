import { collectDefaultMetrics, Registry } from 'prom-client';

/** Gauges that prom-client names like counters: promtool refuses the names, and gs_ metrics say more. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** A registry of its own with what every process shows of itself: CPU, memory, garbage collection, event loop. */
export function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  return registry;
}
