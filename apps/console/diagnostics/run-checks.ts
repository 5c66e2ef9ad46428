import { useCallback, useRef, useState } from 'react';
import type { CheckDto, TestResultDto } from '#libs/api-client/generated/types.gen.js';
import { ask } from '../api/client.js';
import type { Verdict } from '../api/shapes.js';

export interface Question {
  readonly from: string;
  readonly alias: string;
  readonly port: number;
}

/** What one agent answered, or that it has not yet, or why not. */
export type AgentAnswer =
  | { readonly kind: 'asked'; readonly agentId: string }
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
  readonly verdict: Verdict | null;
  readonly agents: readonly AgentAnswer[];
  readonly error: unknown;
}

/** Asks the control plane for the verdict and each agent for its checks, at once; each answer is shown as it comes. */
export function useChecks(network: string): {
  readonly run: Run | null;
  readonly start: (question: Question, agents: readonly string[] | null) => void;
} {
  const [run, setRun] = useState<Run | null>(null);
  const current = useRef(0);

  const start = useCallback(
    (question: Question, agents: readonly string[] | null): void => {
      current.current += 1;
      const mine = current.current;
      const change = (next: (before: Run) => Run): void => {
        if (mine === current.current) setRun((before) => (before === null ? null : next(before)));
      };
      const path = `/v1/networks/${encodeURIComponent(network)}`;
      const asked: readonly AgentAnswer[] = (agents ?? []).map((agentId) => ({ kind: 'asked', agentId }));
      setRun({ question, began: Date.now(), ended: null, verdict: null, agents: asked, error: null });

      const test = (agentId?: string): Promise<TestResultDto> =>
        ask('POST', `${path}/tests`, { ...question, ...(agentId === undefined ? {} : { agentId }) });
      const query = new URLSearchParams({ from: question.from, alias: question.alias, port: String(question.port) });
      const verdict = ask<Verdict>('GET', `${path}/verdict?${query}`).then((found) =>
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
  return { run, start };
}

function withAnswer(run: Run, answer: AgentAnswer): Run {
  return { ...run, agents: run.agents.map((each) => (each.agentId === answer.agentId ? answer : each)) };
}

/** Of a test of both ends: whose check is whose. Checks of a local node stand under its name. */
function byAgent(checks: readonly CheckDto[], disagreements: readonly CheckDto[]): readonly AgentAnswer[] {
  const nameOf = ({ agentId, nodeId, role }: CheckDto): string =>
    agentId ?? (nodeId === null ? `nobody, as ${role}` : nodeId);
  const names = [...new Set(checks.map(nameOf))];
  return names.map((agentId) => ({
    kind: 'answered',
    agentId,
    checks: checks.filter((check) => nameOf(check) === agentId),
    disagreements: disagreements.filter((check) => nameOf(check) === agentId),
  }));
}
