import { Counter, Gauge, type Registry } from 'prom-client';
import type { DnsCounters } from '#libs/data-plane/dns/zone.js';
import { processMetrics } from '#libs/program/process-metrics.js';

/** Sources of an agent's metrics, read at each scrape. */
export interface MeasuredAgent {
  /** Since the control plane last answered. */
  readonly secondsSinceContact: () => number;
  readonly isInMesh: () => boolean;
  readonly networks: () => number;
  readonly sandboxes: () => number;
  readonly openFlows: () => number;
  readonly flowOutcomes: () => Readonly<Record<string, number>>;
  readonly refusedFlows: () => readonly { readonly code: string; readonly count: number }[];
  readonly dns: () => Promise<DnsCounters>;
}

/** The metrics of one agent; docs/metrics.md says what each means. */
export function agentMetrics(agent: MeasuredAgent): Registry {
  const registry = processMetrics();
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      ...{ name, help, registers: [registry] },
      collect() {
        this.set(read());
      },
    });
  const counter = (name: string, help: string, label: string, read: () => Counts | Promise<Counts>) =>
    new Counter({
      ...{ name, help, labelNames: [label], registers: [registry] },
      async collect() {
        const counts = await read();
        // prom-client's counters can only be incremented, but these totals are counted elsewhere, so each scrape resets
        // and adds them.
        this.reset();
        for (const [value, count] of counts) this.inc({ [label]: value }, count);
      },
    });
  gauge(
    'gs_agent_control_plane_contact_age_seconds',
    'Time since the control plane last answered this agent; +Inf if it never did',
    agent.secondsSinceContact,
  );
  gauge('gs_agent_mesh_joined', '1 while this agent is in the mesh, 0 while it is not', () => Number(agent.isInMesh()));
  gauge('gs_agent_networks', 'Networks that this agent serves', agent.networks);
  gauge('gs_agent_sandboxes', 'Sandboxes that the driver of this agent reports', agent.sandboxes);
  gauge('gs_agent_open_flows', 'Connection ends that this agent carries now', agent.openFlows);
  counter(
    'gs_agent_flows_total',
    'Connection ends opened, refused, ended, reset, and cut because a policy changed',
    'outcome',
    () => Object.entries(agent.flowOutcomes()),
  );
  counter(
    'gs_agent_flows_refused_total',
    'Connections refused, by reason, such as DEFAULT_DENY and FLOW_LIMIT',
    'code',
    () => byCode(agent.refusedFlows()),
  );
  counter('gs_agent_dns_answers_total', 'DNS answers by response code', 'rcode', async () =>
    answers(await agent.dns()),
  );
  counter(
    'gs_agent_dns_unanswered_total',
    'DNS queries without an answer, by reason: the client asked too often, or the packet was malformed',
    'reason',
    async () => {
      const { rateLimited, malformed } = await agent.dns();
      return [
        ['rate_limited', rateLimited],
        ['malformed', malformed],
      ];
    },
  );
  counter(
    'gs_agent_dns_upstream_failures_total',
    'Missing answers of resolvers, and answers with an address of this host, by reason',
    'reason',
    async () => {
      const { upstreamFailures, upstreamDropped } = await agent.dns();
      return [
        ['failed', upstreamFailures],
        ['forbidden_address', upstreamDropped],
      ];
    },
  );
  return registry;
}

type Counts = readonly (readonly [label: string, count: number])[];

/** Sums over networks, since a series for each network would be too many. */
function byCode(refused: readonly { readonly code: string; readonly count: number }[]): Counts {
  const counts = new Map<string, number>();
  for (const { code, count } of refused) counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts];
}

function answers(dns: DnsCounters): Counts {
  return [
    ['NOERROR', dns.answeredNoError],
    ['NXDOMAIN', dns.answeredNameError],
    ['SERVFAIL', dns.answeredServerFailure],
    ['REFUSED', dns.answeredRefused],
    ['other', dns.answeredOtherwise],
  ];
}
