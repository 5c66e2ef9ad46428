import { useCallback, useRef, useState } from 'react';
import type { CheckDto, TestResultDto } from '#libs/api-client/generated/types.gen.js';
import { ask } from '../api/client.js';
import type { Question, Verdict } from '../api/shapes.js';

/** One agent's answer, or why there is none yet. */
export type AgentAnswer =
  | { readonly kind: 'asked'; readonly agentId: string }
  | { readonly kind: 'stopped'; readonly agentId: string }
  | {
      readonly kind: 'answered';
      readonly agentId: string;
      readonly checks: readonly CheckDto[];
      readonly disagreements: readonly CheckDto[];
    }
  | { readonly kind: 'refused'; readonly agentId: string; readonly error: unknown };

export interface Run {
  readonly question: Question;
  readonly began: number;
  readonly ended: number | null;
  /** The user stopped the run: answers that had not arrived are unknown. */
  readonly isStopped: boolean;
  readonly verdict: Verdict | null;
  readonly agents: readonly AgentAnswer[];
  readonly error: unknown;
}

/**
 * Asks the control plane for the verdict and each agent for its checks, concurrently; answers are shown as they arrive.
 */
export function useChecks(network: string): {
  readonly run: Run | null;
  readonly start: (question: Question, agents: readonly string[] | null) => void;
  readonly stop: () => void;
} {
  const [run, setRun] = useState<Run | null>(null);
  const current = useRef<AbortController | null>(null);

  const start = useCallback(
    (question: Question, agents: readonly string[] | null): void => {
      current.current?.abort();
      const mine = new AbortController();
      current.current = mine;
      const change = (next: (before: Run) => Run): void => {
        if (mine === current.current) setRun((before) => (before === null ? null : next(before)));
      };
      const path = `/v1/networks/${encodeURIComponent(network)}`;
      const asked: readonly AgentAnswer[] = (agents ?? []).map((agentId) => ({ kind: 'asked', agentId }));
      setRun({
        ...{ question, began: Date.now(), ended: null, isStopped: false },
        ...{ verdict: null, agents: asked, error: null },
      });

      const test = (agentId?: string): Promise<TestResultDto> =>
        ask('POST', `${path}/tests`, { ...question, ...(agentId === undefined ? {} : { agentId }) }, mine.signal);
      const query = new URLSearchParams({ from: question.from, alias: question.alias, port: String(question.port) });
      const verdict = ask<Verdict>('GET', `${path}/verdict?${query}`, undefined, mine.signal).then((found) =>
        change((before) => ({ ...before, verdict: found })),
      );
      const checks =
        agents === null
          ? [
              test().then(({ checks: all, disagreements }) =>
                change((before) => ({ ...before, agents: byAgent(all, disagreements) })),
              ),
            ]
          : agents.map((agentId) =>
              test(agentId).then(
                (result) => change((before) => withAnswer(before, { kind: 'answered', agentId, ...result })),
                (error: unknown) => change((before) => withAnswer(before, { kind: 'refused', agentId, error })),
              ),
            );
      void Promise.all([verdict, ...checks])
        .catch((error: unknown) => change((before) => ({ ...before, error })))
        .then(() => change((before) => ({ ...before, ended: Date.now() })));
    },
    [network],
  );
  const stop = useCallback((): void => {
    current.current?.abort();
    current.current = null;
    setRun((before) => (before === null || before.ended !== null ? before : stopped(before, Date.now())));
  }, []);
  return { run, start, stop };
}

/** Stops asking; the answers so far stay. */
function stopped(run: Run, now: number): Run {
  const agents = run.agents.map(
    (agent): AgentAnswer => (agent.kind === 'asked' ? { kind: 'stopped', agentId: agent.agentId } : agent),
  );
  return { ...run, ended: now, isStopped: true, agents };
}

function withAnswer(run: Run, answer: AgentAnswer): Run {
  return { ...run, agents: run.agents.map((each) => (each.agentId === answer.agentId ? answer : each)) };
}

/** Who made a check. Checks without agent, local node and role are the control plane's. */
export function checkedBy({ agentId, nodeId, role }: CheckDto): string {
  return agentId ?? nodeId ?? (role === null ? 'control plane' : `nobody, as ${role}`);
}

/** Groups the checks of both ends by who made them. */
function byAgent(checks: readonly CheckDto[], disagreements: readonly CheckDto[]): readonly AgentAnswer[] {
  const names = [...new Set(checks.map(checkedBy))];
  return names.map((agentId) => ({
    kind: 'answered',
    agentId,
    checks: checks.filter((check) => checkedBy(check) === agentId),
    disagreements: disagreements.filter((check) => checkedBy(check) === agentId),
  }));
}
