import { queryOptions, skipToken } from '@tanstack/react-query';
import {
  diffNetwork,
  explainVerdict,
  listAgents,
  listAliases,
  listAttachments,
  listChanges,
  listDeniedNames,
  listEgressRules,
  listFlows,
  listHistory,
  listLocalNodes,
  listNetworks,
  listPolicyTests,
  listRules,
  listSandboxes,
  listSessions,
  listTokens,
  listVerdictTurns,
  previewWrite,
  showNetwork,
  showNetworkStatus,
  showReachability,
  showSandbox,
  showSession,
  showVerdict,
} from '#libs/api-client/generated/index.js';
import type { ChangeKind } from '#libs/contracts/change-kinds.js';
import './client.js';
import { everyItem } from './pages.js';
import type { Intent, Question } from './shapes.js';

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

/** What the page of the history shows: at most so many changes at a time. */
const HISTORY_PAGE = 50;

export interface HistoryFilter {
  readonly since?: string;
  readonly until?: string;
  readonly actor?: string;
  readonly kind?: ChangeKind;
  /** Only versions before this one. */
  readonly cursor?: number;
}

export const historyQuery = (network: string, filter: HistoryFilter) =>
  queryOptions({
    queryKey: ['network', network, 'history', filter],
    queryFn: () => listHistory({ path: { network }, query: { ...filter, limit: HISTORY_PAGE } }),
  });

/** What two versions or times let through differently. */
export const diffQuery = (network: string, from: string, to: string) =>
  queryOptions({
    queryKey: ['network', network, 'diff', from, to],
    queryFn: () => diffNetwork({ path: { network }, query: { from, to } }),
  });

/** What was decided at a version or time; null: now. */
export const explanationQuery = (network: string, { from, alias, port }: Question, at: string | null) =>
  queryOptions({
    queryKey: ['network', network, 'explanation', from, alias, port, at],
    queryFn: () => explainVerdict({ path: { network }, query: { from, alias, port, ...(at === null ? {} : { at }) } }),
  });

/** The versions at which a verdict became another one. */
export const turnsQuery = (network: string, { from, alias, port }: Question) =>
  queryOptions({
    queryKey: ['network', network, 'turns', from, alias, port],
    queryFn: () => listVerdictTurns({ path: { network }, query: { from, alias, port } }),
  });

export const policyTestsQuery = (network: string) =>
  queryOptions({
    queryKey: ['network', network, 'policy-tests'],
    queryFn: () => everyItem((query) => listPolicyTests({ path: { network }, query })),
  });

/** null: the form is incomplete, and no preview is requested. `headers`: those that an admin's write would have. */
export const previewQuery = (
  network: string,
  intent: Intent | null,
  headers: { readonly 'Policy-Tests'?: 'override' } = {},
) =>
  queryOptions({
    queryKey: ['network', network, 'preview', intent, headers],
    queryFn: intent === null ? skipToken : () => previewWrite({ path: { network }, headers, body: intent }),
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
