import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { DeniedNamesDto } from '#libs/api-client/generated/types.gen.js';
import type { DeniedName } from '../api/shapes.js';
import { Age } from '../vocabulary/age.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { counted } from '../vocabulary/times.js';

const REASONS: { readonly [reason: string]: string } = {
  DEFAULT_DENY: 'no rule allows it',
  EXPLICIT_DENY: 'a rule denies it',
  EGRESS_OFF: 'its agent lets no name outside through',
  TARGET_FORBIDDEN: 'it leads to addresses that are not dialled',
};
/** A DNS query names no port; most names are used with HTTPS. */
const PORT_OF_A_QUERY = 443;

interface Props {
  readonly network: string;
  readonly denied: DeniedNamesDto;
  readonly mayWrite: boolean;
}

/** What sandboxes were refused, each with a link to the form that allows it. */
export function DeniedNames({ network, denied: { items, leftOut, notKnown }, mayWrite }: Props) {
  const columns = useMemo(() => columnsOf(network, mayWrite), [network, mayWrite]);
  return (
    <>
      {items.length === 0 && notKnown.length === 0 && <p className="empty">No name outside was refused.</p>}
      {items.length > 0 && <ListTable label="Refused names" columns={columns} rows={items} keyOf={keyOf} />}
      {leftOut > 0 && <p className="remark">{leftOut} more</p>}
      {notKnown.map(({ agentId, reason }) => (
        <p key={agentId} className="remark anywhere">
          not known: <span className="mono">{agentId}</span>: {reason}
        </p>
      ))}
    </>
  );
}

const keyOf = ({ sandboxId, agentId, name, port, reason }: DeniedName): string =>
  [sandboxId, agentId, name, port, reason].join(' ');

function columnsOf(network: string, mayWrite: boolean): readonly Column<DeniedName>[] {
  const why = ({ reason, allowedNow }: DeniedName): string =>
    `${REASONS[reason] ?? reason}${allowedNow ? '; allowed since' : ''}`;
  const allow = ({ from, name, port, remedy, deniedBy }: DeniedName) =>
    mayWrite &&
    remedy !== null &&
    (deniedBy !== null ? (
      // Not offered: an allow would change nothing, since any deny beats it.
      <Link
        className="second"
        to="/networks/$network/egress"
        params={{ network }}
        search={{ remove: deniedBy }}
        aria-label={`remove the deny of ${name}: ${deniedBy}`}
      >
        remove the deny
      </Link>
    ) : (
      <Link
        className="second"
        to="/networks/$network/egress"
        params={{ network }}
        search={{ add: 'allow', from, to: name, port: String(port ?? PORT_OF_A_QUERY) }}
        aria-label={`allow ${from} ${name}${port === null ? '' : `:${port}`}`}
      >
        allow
      </Link>
    ));
  const often = (denied: DeniedName) => (
    <>
      {counted(denied.count, 'time')}, last <Age at={denied.lastAt} />
    </>
  );
  return [
    { heading: 'Sandbox', className: 'mono anywhere word', cell: ({ sandboxId }) => sandboxId },
    {
      heading: 'Name',
      cell: (denied) => (
        <>
          <span className="mono anywhere">
            {denied.name}
            {denied.port === null ? '' : `:${denied.port}`}
          </span>
          <div className="narrow-only remark">
            {why(denied)}; {often(denied)}
          </div>
          <div className="narrow-only remark">{allow(denied)}</div>
        </>
      ),
    },
    { heading: 'Why', className: 'remark wide-only', cell: why },
    { heading: 'How often', className: 'remark wide-only', cell: often },
    { heading: <span className="hidden">Allow</span>, className: 'number wide-only unbroken', cell: allow },
  ];
}
