import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { flowsQuery, networkQuery, reachabilityQuery } from '../api/queries.js';
import type { FlowPair, Network, Rule, RuleEffect } from '../api/shapes.js';
import { useIsLive } from '../live/live-state.js';
import { useRefusal } from '../session/session.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { Glyph } from '../vocabulary/glyph.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { VerdictWord } from '../vocabulary/state.js';
import { effectText, shortId } from './rule-effect.js';

interface Props {
  readonly network: string;
  readonly rules: readonly Rule[];
  readonly isFiltered?: boolean;
}

/** Rules with what each does now, worked out by the function that decides live traffic. */
export function RuleTable({ network, rules, isFiltered = false }: Props) {
  const shown = useQuery(networkQuery(network)).data;
  const effects = useQuery(reachabilityQuery(network)).data?.rules;
  const pairs = useQuery({ ...flowsQuery(network), enabled: rules.length > 0 }).data?.pairs;
  const isLive = useIsLive();
  const mayWrite = useRefusal('operator', 'Rules need') === null && isLive;
  const columns = useMemo(
    () => columnsOf(network, new Map(effects?.map((effect) => [effect.ruleId, effect])), pairs, shown, mayWrite),
    [network, effects, pairs, shown, mayWrite],
  );
  if (rules.length === 0 && isFiltered) return <p className="empty">No rule matches the filter.</p>;
  if (rules.length === 0) {
    return (
      <div className="empty">
        <p>No rules: nothing may reach anything in {network}.</p>
        <CommandLine
          words={['network', 'policy', 'allow', network, '--from', 'local', '--to', 'api', '--port', '8080']}
        />
      </div>
    );
  }
  return (
    <ListTable
      label="Rules"
      columns={columns}
      rows={rules}
      keyOf={({ id }) => id}
      classOf={(rule) => (isUnproven(rule, shown) ? 'unproven' : '')}
    />
  );
}

function isUnproven({ since }: Rule, network: Network | undefined): boolean {
  return network !== undefined && since === network.version && network.applied.confirmed < network.applied.expected;
}

function columnsOf(
  network: string,
  effects: ReadonlyMap<string, RuleEffect>,
  pairs: readonly FlowPair[] | undefined,
  shown: Network | undefined,
  mayWrite: boolean,
): readonly Column<Rule>[] {
  const does = (rule: Rule) => {
    const { isIdle, text } = effectText(rule, effects.get(rule.id), pairs);
    const { applied } = shown ?? {};
    return (
      <>
        {applied !== undefined && isUnproven(rule, shown) && (
          <>
            Saved in v{rule.since},{' '}
            <b className="mono">
              {applied.confirmed}/{applied.expected}
            </b>{' '}
            applied.{' '}
          </>
        )}
        {isIdle && (
          <span className="stale">
            <Glyph name="stale" tone="stale" /> Does nothing:{' '}
          </span>
        )}
        {text}
      </>
    );
  };
  return [
    { heading: 'Effect', cell: ({ effect }) => <VerdictWord of={effect} /> },
    { heading: 'From', className: 'mono', cell: ({ from }) => from },
    {
      heading: 'To alias and port',
      cell: (rule) => (
        <>
          <span className="mono">
            {rule.to}:{rule.port}
          </span>
          <div className="narrow-only remark">{does(rule)}</div>
        </>
      ),
    },
    { heading: 'What it does now', className: 'remark wide-only', cell: does },
    { heading: 'Rule', className: 'mono third wide-only', cell: ({ id }) => shortId(id) },
    {
      heading: <span className="hidden">Remove</span>,
      className: 'number',
      cell: ({ id }) =>
        mayWrite && (
          <Link
            className="second"
            to="/networks/$network/policy"
            params={{ network }}
            search={{ remove: id }}
            aria-label={`remove ${id}`}
          >
            remove
          </Link>
        ),
    },
  ];
}
