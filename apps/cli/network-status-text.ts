import type { MeshStateDto, NetworkStatusDto } from '#libs/api-client/generated/index.js';
import { NO_HEARTBEAT } from '#libs/contracts/statuses.js';
import { meshCell, meshFault } from './mesh/mesh-column.js';
import { ago, secondsSince, within } from './output/ago.js';
import type { Screen } from './output/screen.js';
import type { StateRow } from './output/state-lines.js';
import { timeText } from './output/time-text.js';
import { agentText, conflictLines } from './sandboxes/placement-text.js';
import { unreadableLines } from './unreadable-text.js';

type AgentStatus = NetworkStatusDto['agents'][number];
type LocalNodeStatus = NetworkStatusDto['localNodes'][number];

/** States of a network that do not follow from its agents' states. */
const OF_THE_NETWORK: readonly NetworkStatusDto['status'][] = [
  'EPOCH_REGRESSED',
  'STREAM_UNREADABLE',
  'QUARANTINED',
  'EMPTY',
];
/** Healthy agents with a line of their own on a terminal; of more, only their number is shown. */
const MOST_WELL = 20;

/** The progress of each agent with a network, for people. */
export function showStatus(screen: Screen, status: NetworkStatusDto, nowMs: number): void {
  const { agents, localNodes, placements } = status;
  showHead(screen, status);
  if (agents.length === 0) {
    const next = `gstacks network attach ${status.network} <sandbox-id>`;
    screen.line(`no agent takes part; attach a sandbox: ${next}`);
  }
  showAgents(screen, agents, nowMs);
  for (const agent of agents) tellAgent(screen, agent);
  for (const placement of placements) {
    screen.line(`sandbox ${placement.sandboxId}: ${agentText(placement)}, since version ${placement.since}`);
    for (const line of conflictLines(placement)) screen.sentence('  ', line, 'bad');
  }
  if (localNodes.length > 0) {
    screen.line('local nodes (never waited for):');
    screen.states(localNodes.map((node) => localNodeRow(node, nowMs)));
    for (const { nodeId, mesh } of localNodes) tellFault(screen, nodeId, mesh);
  }
  if (screen.isVerbose) showEverything(screen, status);
}

function showHead(
  screen: Screen,
  { network, version, epoch, status, agents, unreadable, quarantinedSince }: NetworkStatusDto,
) {
  const applied = agents.filter((agent) => agent.status === 'SYNCED').length;
  const parts = [
    `version ${version}`,
    ...(agents.length === 0 ? [] : [`applied by ${applied} of ${agents.length}`]),
    ...(OF_THE_NETWORK.includes(status) ? [status] : []),
  ];
  const isWell = applied === agents.length && !OF_THE_NETWORK.includes(status);
  screen.line(`${network}  ${parts.join('   ')}`, isWell ? 'good' : status === 'EMPTY' ? undefined : 'bad');
  if (screen.isVerbose) {
    screen.line(`status:  ${status}`);
    screen.line(`version: ${version} (epoch ${epoch.counter})`);
  }
  if (status === 'EPOCH_REGRESSED') {
    screen.line(
      'agents hold versions that this store does not have; see what a new epoch would change: gstacks admin new-epoch',
      'bad',
    );
  }
  for (const line of unreadableLines(network, unreadable)) screen.sentence('', line, 'bad');
  if (quarantinedSince !== null) {
    screen.line(`quarantined since version ${quarantinedSince}: no agent serves it`, 'bad');
    screen.line(`serve it again: gstacks network quarantine ${network} --lift`);
  } else if (unreadable !== null) {
    screen.line(
      `agents keep serving what they hold; to cut the network off: gstacks network quarantine ${network} --wait`,
    );
  }
}

/** Healthy agents come first, so that those with a problem are next to the prompt. */
function showAgents(screen: Screen, agents: readonly AgentStatus[], nowMs: number): void {
  const well = agents.filter(({ status }) => status === 'SYNCED');
  const isEach = screen.width === Number.POSITIVE_INFINITY || well.length <= MOST_WELL;
  const shown = isEach ? well : well.slice(0, MOST_WELL - 1);
  const others = agents.filter(({ status }) => status !== 'SYNCED');
  screen.states([
    ...shown.map((agent) => agentRow(agent, nowMs)),
    ...(isEach ? [] : [{ columns: ['ok', `${well.length - shown.length} more`], note: '--verbose shows all' }]),
    ...others.map((agent) => agentRow(agent, nowMs)),
  ]);
}

function agentRow(agent: AgentStatus, nowMs: number): StateRow {
  const { agentId, status, appliedVersion, appliedAt, mesh } = agent;
  const isWell = status === 'SYNCED';
  const when = isWell ? (appliedAt === null ? [] : [ago(secondsSince(appliedAt, nowMs))]) : [whyNot(agent, nowMs)];
  const inMesh = mesh === null || (mesh.code === null && mesh.lastKnown === null) ? [] : [`mesh: ${meshCell(mesh)}`];
  return {
    columns: [isWell ? 'ok' : status, agentId, appliedVersion === null ? '-' : String(appliedVersion)],
    note: [...when, ...inMesh].join('; '),
  };
}

function whyNot({ status, reason, failures, lastContactAt, appliedVersion }: AgentStatus, nowMs: number): string {
  if (status === 'FAILED' && failures.length > 0) {
    return failures.length === 1 ? 'an alias is not up, see below' : `${failures.length} aliases are not up, see below`;
  }
  const heard = lastContactAt === null ? [] : [`last heard ${ago(secondsSince(lastContactAt, nowMs))}`];
  if (reason === NO_HEARTBEAT) {
    const follows = appliedVersion === null ? 'check its agent' : `still follows ${appliedVersion}: check its agent`;
    return [...heard, follows].join('; ');
  }
  const isAway = status === 'OFFLINE' || status === 'UNKNOWN';
  return [...(reason === null ? [] : [reason]), ...(isAway ? heard : [])].join('; ');
}

function localNodeRow(
  { nodeId, user, status, appliedVersion, expiresAt, mesh }: LocalNodeStatus,
  nowMs: number,
): StateRow {
  const inMesh = mesh === null || (mesh.code === null && mesh.lastKnown === null) ? [] : [`mesh: ${meshCell(mesh)}`];
  return {
    columns: [status === 'ONLINE' ? 'ok' : status, nodeId, appliedVersion === null ? '-' : String(appliedVersion)],
    note: [user, `credentials end ${within(Date.parse(expiresAt) - nowMs)}`, ...inMesh].join('; '),
  };
}

/** Details that do not fit on a line of the list. */
function tellAgent(screen: Screen, { agentId, status, mesh, failures, refusedFlows }: AgentStatus): void {
  tellFault(screen, agentId, mesh);
  if (refusedFlows.length > 0) {
    const reasons = refusedFlows.map(({ code, count }) => `${count} ${code}`).join(', ');
    screen.sentence(`${agentId}: `, `connections refused since it started: ${reasons}`);
  }
  for (const { alias, code, message } of failures) {
    const isRemembered = status === 'OFFLINE' || status === 'UNKNOWN';
    const down = isRemembered ? 'was not up when the agent was heard last' : 'is not up';
    screen.sentence(`${agentId}: `, `alias ${alias} ${down}: ${message} (${code})`, 'bad');
  }
}

function tellFault(screen: Screen, name: string, mesh: MeshStateDto | null): void {
  for (const line of meshFault(name, mesh)) screen.sentence('', line, 'bad');
}

function showEverything(screen: Screen, { agents, localNodes }: NetworkStatusDto): void {
  if (localNodes.length > 0) {
    screen.line('');
    screen.table(localNodes, [
      { heading: 'NODE', cell: ({ nodeId }) => nodeId },
      { heading: 'USER', cell: ({ user }) => user },
      { heading: 'STATUS', cell: (node) => node.status },
      { heading: 'MESH', cell: ({ mesh }) => meshCell(mesh) },
      { heading: 'APPLIED', cell: ({ appliedVersion }) => appliedVersion },
      { heading: 'CREDENTIALS END', cell: ({ expiresAt }) => timeText(expiresAt) },
    ]);
  }
  if (agents.length === 0) return;
  screen.line('');
  screen.table(agents, [
    { heading: 'AGENT', cell: ({ agentId }) => agentId },
    { heading: 'STATUS', cell: (agent) => agent.status },
    { heading: 'MESH', cell: ({ mesh }) => meshCell(mesh) },
    { heading: 'APPLIED', cell: ({ appliedVersion }) => appliedVersion },
    { heading: 'APPLIED AT', cell: ({ appliedAt }) => (appliedAt === null ? null : timeText(appliedAt)) },
    { heading: 'LAST CONTACT', cell: ({ lastContactAt }) => (lastContactAt === null ? null : timeText(lastContactAt)) },
    { heading: 'REASON', cell: ({ reason }) => reason },
  ]);
}
