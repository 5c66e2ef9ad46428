import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { flowsQuery, networkQuery } from '../api/queries.js';
import type { EgressRule, FlowPair, Network } from '../api/shapes.js';
import { RuleMaker } from '../policy/rule-maker.js';
import { Until } from '../vocabulary/age.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { VerdictWord } from '../vocabulary/state.js';
import { counted } from '../vocabulary/times.js';

interface Props {
  readonly network: string;
  readonly rules: readonly EgressRule[];
  readonly mayWrite: boolean;
  /** The rule that a link led to. */
  readonly marked: string | undefined;
}

/** Rules about names outside; denials first. */
export function EgressTable({ network, rules, mayWrite, marked }: Props) {
  const shown = useQuery(networkQuery(network)).data;
  const pairs = useQuery({ ...flowsQuery(network), enabled: rules.length > 0 }).data?.pairs;
  const columns = useMemo(() => columnsOf(network, shown, pairs, mayWrite), [network, shown, pairs, mayWrite]);
  if (rules.length === 0) {
    return (
      <div className="empty">
        <p>No rules: no name outside exists for sandboxes by {network}.</p>
        <CommandLine
          words={['network', 'egress', 'allow', network, '--from', 'any', '--to', 'packages.example.com:443']}
        />
      </div>
    );
  }
  return (
    <ListTable
      label="Rules about names outside"
      columns={columns}
      rows={[...rules].sort(byInterest)}
      keyOf={({ id }) => id}
      classOf={(rule) => (isUnproven(rule, shown) ? 'unproven' : rule.id === marked ? 'marked' : '')}
    />
  );
}

function byInterest(one: EgressRule, other: EgressRule): number {
  const rank = ({ effect, to, id }: EgressRule): string => `${effect === 'deny' ? 0 : 1} ${to} ${id}`;
  return rank(one) < rank(other) ? -1 : 1;
}

function isUnproven({ since }: EgressRule, network: Network | undefined): boolean {
  return network !== undefined && since === network.version && network.applied.confirmed < network.applied.expected;
}

function columnsOf(
  network: string,
  shown: Network | undefined,
  pairs: readonly FlowPair[] | undefined,
  mayWrite: boolean,
): readonly Column<EgressRule>[] {
  const told = (rule: EgressRule) => (
    <>
      {rule.until !== undefined && (
        <>
          Ends <Until at={Date.parse(rule.until)} />.{' '}
        </>
      )}
      {how(rule)}
    </>
  );
  const how = (rule: EgressRule): string => {
    const open = (pairs ?? []).filter(({ ruleId }) => ruleId === rule.id).reduce((sum, pair) => sum + pair.open, 0);
    return [
      ...(isUnproven(rule, shown) ? [`saved in v${rule.since}, not applied by every agent yet`] : []),
      ...(rule.private ? ['private addresses too'] : []),
      ...(rule.via === undefined ? [] : [`leaves from ${rule.via}`]),
      ...(open === 0 ? [] : [counted(open, 'open connection')]),
    ].join('; ');
  };
  const links = (rule: EgressRule) => (
    <>
      <Link
        className="second"
        to="/networks/$network/egress"
        params={{ network }}
        search={{ test: rule.to.replace('*.', ''), port: String(rule.port), from: rule.from }}
        aria-label={`test ${rule.to}:${rule.port}`}
      >
        test
      </Link>
      {mayWrite && (
        <>
          {' · '}
          <Link
            className="second"
            to="/networks/$network/egress"
            params={{ network }}
            search={{ remove: rule.id }}
            aria-label={`remove ${rule.id}`}
          >
            remove
          </Link>
        </>
      )}
    </>
  );
  return [
    { heading: 'Effect', cell: ({ effect }) => <VerdictWord of={effect} /> },
    { heading: 'From', className: 'mono selector', cell: ({ from }) => from },
    {
      heading: 'To name and port',
      cell: (rule) => (
        <>
          <span className="mono anywhere">
            {rule.to}:{rule.port}
          </span>
          <div className="narrow-only remark">{told(rule)}</div>
          <div className="narrow-only remark">{links(rule)}</div>
        </>
      ),
    },
    { heading: 'How, and open now', className: 'remark wide-only', cell: told },
    {
      heading: 'Rule',
      className: 'wide-only',
      cell: (rule) => <RuleMaker network={network} rule={rule} />,
    },
    { heading: <span className="hidden">Test and remove</span>, className: 'number wide-only unbroken', cell: links },
  ];
}
