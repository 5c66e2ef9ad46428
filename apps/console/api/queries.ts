import { queryOptions, skipToken } from '@tanstack/react-query';
import {
  listAgents,
  listAliases,
  listAttachments,
  listChanges,
  listDeniedNames,
  listEgressRules,
  listFlows,
  listLocalNodes,
  listNetworks,
  listRules,
  listSandboxes,
  listSessions,
  listTokens,
  previewWrite,
  showNetwork,
  showNetworkStatus,
  showReachability,
  showSandbox,
  showSession,
  showVerdict,
} from '#libs/api-client/generated/index.js';
import './client.js';
import { everyItem } from './pages.js';
import type { Intent } from './shapes.js';

/**
 * All queries to the control plane, by key. The stream of events says which keys are out of date (live/stale-keys.ts),
 * so queries are repeated only then.
 */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => showSession(),
});

export const networksQuery = queryOptions({
  queryKey: ['networks'],
  queryFn: () => everyItem((query) => listNetworks({ query })),
});

export const networkQuery = (network: string) =>
  queryOptions({
    queryKey: ['network', network, 'show'],
    queryFn: () => showNetwork({ path: { network } }),
  });

export const statusQuery = (network: string) =>
  queryOptions({
    queryKey: ['network', network, 'status'],
    queryFn: () => showNetworkStatus({ path: { network } }),
  });

export const aliasesQuery = (network: string) =>
  queryOptions({
    queryKey: ['network', network, 'aliases'],
    queryFn: () => everyItem((query) => listAliases({ path: { network }, query })),
  });

export const attachmentsQuery = (network: string) =>
  queryOptions({
    queryKey: ['network', network, 'attachments'],
    queryFn: () => everyItem((query) => listAttachments({ path: { network }, query })),
  });

export const rulesQuery = (network: string) =>
  queryOptions({
    queryKey: ['network', network, 'rules'],
    queryFn: () => everyItem((query) => listRules({ path: { network }, query })),
  });

export const egressRulesQuery = (network: string) =>
  queryOptions({
    queryKey: ['network', network, 'egress-rules'],
    queryFn: () => everyItem((query) => listEgressRules({ path: { network }, query })),
  });

const DENIED_EVERY_MS = 10_000;

/** What agents recently refused. Not in events, so it is polled while shown. */
export const deniedNamesQuery = (network: string) =>
  queryOptions({
    queryKey: ['network', network, 'denied-names'],
    queryFn: () => listDeniedNames({ path: { network } }),
    refetchInterval: DENIED_EVERY_MS,
  });

/** What every rule does and who may reach what, all of one version. */
export const reachabilityQuery = (network: string) =>
  queryOptions({
    queryKey: ['network', network, 'reachability'],
    queryFn: () => showReachability({ path: { network } }),
  });

const FLOWS_EVERY_MS = 5_000;

/** Open connections as counted by the agents. Not in events, so they are polled while shown. */
export const flowsQuery = (network: string) =>
  queryOptions({
    queryKey: ['network', network, 'flows'],
    queryFn: () => listFlows({ path: { network } }),
    refetchInterval: FLOWS_EVERY_MS,
  });

export const changesQuery = (network: string, after: number) =>
  queryOptions({
    queryKey: ['network', network, 'changes', after],
    queryFn: () => listChanges({ path: { network }, query: { after, limit: 100 } }),
  });

export const verdictQuery = (network: string, from: string, alias: string, port: number) =>
  queryOptions({
    queryKey: ['network', network, 'verdict', from, alias, port],
    queryFn: () => showVerdict({ path: { network }, query: { from, alias, port } }),
  });

/** null: the form is incomplete, and no preview is requested. */
export const previewQuery = (network: string, intent: Intent | null) =>
  queryOptions({
    queryKey: ['network', network, 'preview', intent],
    queryFn: intent === null ? skipToken : () => previewWrite({ path: { network }, body: intent }),
  });

export const sandboxesQuery = queryOptions({
  queryKey: ['sandboxes'],
  queryFn: () => everyItem((query) => listSandboxes({ query })),
});

export const sandboxQuery = (sandboxId: string) =>
  queryOptions({
    queryKey: ['sandbox', sandboxId],
    queryFn: () => showSandbox({ path: { sandboxId } }),
  });

export const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: () => everyItem((query) => listAgents({ query })),
});

export const localNodesQuery = queryOptions({
  queryKey: ['local-nodes'],
  queryFn: () => everyItem((query) => listLocalNodes({ query })),
});

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: () => everyItem((query) => listTokens({ query })),
});

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: () => everyItem((query) => listSessions({ query })),
});
