import type { ForwardState, JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { ago, secondsSince, unknown, within } from '../output/ago.js';
import type { Screen } from '../output/screen.js';
import type { StateRow } from '../output/state-lines.js';
import { pad, together, width } from '../output/wrap.js';
import { forwardColumns, joinedColumns } from './views.js';

/** Targets named on a terminal; of more, only their number is shown. */
const MOST_NAMED = 8;

/** The networks that this machine has joined and its forwarded ports, for people. */
export function showMesh(screen: Screen, networks: readonly JoinedNetworkState[], nowMs: number): void {
  const nameWidth = Math.max(...networks.map(({ network }) => width(network)));
  for (const joined of networks) {
    const head = `${pad(joined.network, nameWidth)}  `;
    const tone = joined.state === 'joined' && joined.code === null ? undefined : 'bad';
    const remedy = joined.state === 'joined' ? '' : `: ${together(remedyOf(joined))}`;
    screen.sentence(head, `${standing(joined, nowMs)}${remedy}`, tone);
    tellFault(screen, joined);
    screen.states(joined.forwards.map((forward) => forwardRow(forward, joined, nowMs)));
    if (joined.forwards.length === 0 && joined.state === 'joined') {
      const [first = '<alias>:<port>'] = joined.reachable;
      screen.line(`  no port is forwarded; next: gstacks mesh forward ${joined.network} ${first} --local <port>`);
    }
    tellReachable(screen, joined, nowMs);
  }
  if (!screen.isVerbose) return;
  screen.line('');
  screen.table(networks, joinedColumns(nowMs));
  const forwards = networks.flatMap(({ network, forwards: own }) => own.map((forward) => ({ network, ...forward })));
  if (forwards.length === 0) return;
  screen.line('');
  screen.table(forwards, forwardColumns(nowMs));
}

function standing(joined: JoinedNetworkState, nowMs: number): string {
  const { state, user, bus, mesh, version, newerVersion, expiresAt, lastContactAt } = joined;
  switch (state) {
    case 'joined': {
      const held = newerVersion === null ? version : `${version ?? 'none'} of ${newerVersion}`;
      return [
        `joined as ${user}`,
        held === null ? 'no version yet' : `version ${held}`,
        ...(mesh === 'joined' ? [] : [`mesh ${mesh}`]),
        `renews ${within(Date.parse(expiresAt) - nowMs)}`,
      ].join(', ');
    }
    case 'unknown':
      return `DISCONNECTED since ${lastContactAt === null ? 'an unknown time' : clockTime(lastContactAt, nowMs)} (bus ${bus})`;
    case 'ended':
      return 'ENDED';
  }
}

function remedyOf({ network, remedy }: JoinedNetworkState): string {
  return remedy ?? `gstacks mesh join ${network}`;
}

function tellFault(screen: Screen, joined: JoinedNetworkState): void {
  const { state, code, message } = joined;
  const why = [code, message].filter((part) => part !== null).join(': ');
  if (why !== '') screen.sentence('  ', why, 'bad');
  if (state === 'joined' && code !== null) screen.advice('  try: ', remedyOf(joined));
}

function forwardRow(
  { localPort, alias, port, ...forward }: ForwardState,
  joined: JoinedNetworkState,
  nowMs: number,
): StateRow {
  const { state, lastKnown, reason, connections } = forward;
  const said =
    lastKnown === null
      ? state === 'open'
        ? state
        : state.toUpperCase()
      : unknown(lastKnown.state, secondsSince(lastKnown.at, nowMs));
  const question = together(`ask: gstacks network test ${joined.network} local:${joined.user} ${alias}:${port}`);
  const isAsked = state === 'denied' || state === 'unreachable';
  const open =
    connections === 0 || state !== 'open' ? [] : [connections === 1 ? '1 connection' : `${connections} connections`];
  // The node's reason for a policy denial ends with this question and adds nothing to the state.
  const reasons = reason === null || (state === 'denied' && reason.includes('; ask: ')) ? [] : [reason];
  return {
    columns: [`127.0.0.1:${localPort} -> ${alias}:${port}`, said],
    note: [...open, ...reasons, ...(isAsked ? [question] : [])].join('; '),
  };
}

function tellReachable(
  screen: Screen,
  { state, reachable, forwards, lastContactAt }: JoinedNetworkState,
  nowMs: number,
) {
  const forwarded = new Set(forwards.map(({ alias, port }) => `${alias}:${port}`));
  const others = reachable.filter((target) => !forwarded.has(target));
  if (others.length === 0) return;
  const named = screen.isVerbose ? others : others.slice(0, MOST_NAMED);
  const more = others.length > named.length ? ` and ${others.length - named.length} more` : '';
  const when = state === 'unknown' && lastContactAt !== null ? `, ${ago(secondsSince(lastContactAt, nowMs))}` : '';
  screen.sentence(state === 'unknown' ? '  reached ' : '  reaches ', `${named.join(', ')}${more}${when}`);
}

/** `20:29:15` if today by this machine's clock, otherwise with the date. */
function clockTime(at: string, nowMs: number): string {
  const time = new Date(at);
  const clock = time.toTimeString().slice(0, 8);
  const isToday = time.toDateString() === new Date(nowMs).toDateString();
  const date = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map((part) => String(part).padStart(2, '0'));
  return isToday ? clock : `${date.join('-')} ${clock}`;
}
