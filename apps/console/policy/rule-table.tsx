import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { flowsQuery, networkQuery, reachabilityQuery } from '../api/queries.js';
import type { FlowPair, Network, Rule, RuleEffect } from '../api/shapes.js';
import { useIsLive } from '../live/live-state.js';
import { useRefusal } from '../session/session.js';
import { Until } from '../vocabulary/age.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { Glyph } from '../vocabulary/glyph.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { Phrased } from '../vocabulary/phrase.js';
import { VerdictWord } from '../vocabulary/state.js';
import { effectText } from './rule-effect.js';
import { RuleMaker, ShortRule, WrittenIn } from './rule-maker.js';

interface Props {
  readonly network: string;
  readonly rules: readonly Rule[];
  readonly isFiltered?: boolean;
  /** A part of a longer page, which leads to where rules are removed. */
  readonly isExcerpt?: boolean;
  /** The rule that a link led to. */
  readonly marked?: string | undefined;
}

/** Rules with what each does now, worked out by the function that decides live traffic. */
export function RuleTable({ network, rules, isFiltered = false, isExcerpt = false, marked }: Props) {
  const shown = useQuery(networkQuery(network)).data;
  const effects = useQuery(reachabilityQuery(network)).data?.rules;
  const pairs = useQuery({ ...flowsQuery(network), enabled: rules.length > 0 }).data?.pairs;
  const isLive = useIsLive();
  const mayWrite = useRefusal('operator', 'Rules need') === null && isLive;
  const columns = useMemo(
    () =>
      columnsOf(
        network,
        new Map(effects?.map((effect) => [effect.ruleId, effect])),
        pairs,
        shown,
        isLive,
        mayWrite,
        isExcerpt,
      ),
    [network, effects, pairs, shown, isLive, mayWrite, isExcerpt],
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
      classOf={(rule) => (isUnproven(rule, shown) ? 'unproven' : rule.id === marked ? 'marked' : '')}
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
  isLive: boolean,
  mayWrite: boolean,
  isExcerpt: boolean,
): readonly Column<Rule>[] {
  const does = (rule: Rule) => {
    const { kind, text } = effectText(rule, effects.get(rule.id), pairs, isLive);
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
        {kind !== 'decides' && (
          <span className={kind === 'fault' ? 'stale' : ''}>
            <Glyph name={kind === 'fault' ? 'stale' : 'no-rule'} tone={kind === 'fault' ? 'stale' : 'off'} /> Does
            nothing:{' '}
          </span>
        )}
        {rule.until !== undefined && (
          <>
            Ends <Until at={Date.parse(rule.until)} />.{' '}
          </>
        )}
        <Phrased of={text} ofRule={(id) => <ShortRule id={id} />} />
      </>
    );
  };
  return [
    { heading: 'Effect', cell: ({ effect }) => <VerdictWord of={effect} /> },
    { heading: 'From', className: 'mono selector', cell: ({ from }) => from },
    {
      heading: 'To alias and port',
      cell: (rule) => (
        <>
          <span className="mono">
            {rule.to}:{rule.port}
          </span>
          <div className="narrow-only remark">{does(rule)}</div>
          <div className="narrow-only remark">
            <WrittenIn network={network} rule={rule} />
            {mayWrite && !isExcerpt && (
              <>
                {' · '}
                <Remove network={network} id={rule.id} />
              </>
            )}
          </div>
        </>
      ),
    },
    { heading: 'What it does now', className: 'remark wide-only', cell: does },
    { heading: 'Rule', className: 'wide-only', cell: (rule) => <RuleMaker network={network} rule={rule} /> },
    {
      heading: <span className="hidden">Remove</span>,
      className: 'number wide-only',
      cell: ({ id }) => mayWrite && <Remove network={network} id={id} />,
    },
  ];
}

function Remove({ network, id }: { readonly network: string; readonly id: string }) {
  return (
    <Link
      className="second"
      to="/networks/$network/policy"
      params={{ network }}
      search={{ remove: id }}
      aria-label={`remove ${id}`}
    >
      remove
    </Link>
  );
}
