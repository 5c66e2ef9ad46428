import type { MeshStateDto, NetworkStatusDto } from '#libs/api-client/generated/index.js';
import { meshCell, meshFault } from './mesh/mesh-column.js';
import type { Screen } from './output/screen.js';
import { agentText, conflictLines } from './sandboxes/placement-text.js';
import { unreadableLines } from './unreadable-text.js';

/** How far each agent is with a network, for people. */
export function showStatus(screen: Screen, status: NetworkStatusDto): void {
  screen.line(`network: ${status.network}`);
  screen.line(`status:  ${status.status}`);
  screen.line(`version: ${status.version} (epoch ${status.epoch.counter})`);
  if (status.status === 'EPOCH_REGRESSED') {
    screen.line('agents hold what this store never wrote; see and decide: gstacks admin new-epoch', 'bad');
  }
  for (const line of unreadableLines(status.network, status.unreadable)) screen.line(line, 'bad');
  if (status.quarantinedSince !== null) {
    screen.line(`quarantined since version ${status.quarantinedSince}: nothing of it is served`, 'bad');
    screen.line(`serve it again: gstacks network quarantine ${status.network} --lift`);
  } else if (status.unreadable !== null) {
    screen.line(`agents serve what they hold; cut it off: gstacks network quarantine ${status.network} --wait`);
  }
  screen.line('');
  if (status.localNodes.length > 0) {
    screen.line('local nodes (never waited for):');
    screen.table(status.localNodes, [
      { heading: 'NODE', cell: ({ nodeId }) => nodeId },
      { heading: 'USER', cell: ({ user }) => user },
      { heading: 'STATUS', cell: (node) => node.status },
      { heading: 'MESH', cell: ({ mesh }) => meshCell(mesh) },
      { heading: 'APPLIED', cell: ({ appliedVersion }) => appliedVersion },
      { heading: 'CREDENTIALS END', cell: ({ expiresAt }) => expiresAt },
    ]);
    for (const { nodeId, mesh } of status.localNodes) tellFault(screen, nodeId, mesh);
    screen.line('');
  }
  for (const placement of status.placements) {
    screen.line(`sandbox ${placement.sandboxId}: ${agentText(placement)}, since version ${placement.since}`);
    for (const line of conflictLines(placement)) screen.line(`  ${line}`, 'bad');
  }
  if (status.placements.length > 0) screen.line('');
  if (status.agents.length === 0) {
    screen.line(`no agent takes part; attach a sandbox: gstacks network attach ${status.network} <sandbox-id>`);
    return;
  }
  screen.table(status.agents, [
    { heading: 'AGENT', cell: ({ agentId }) => agentId },
    { heading: 'STATUS', cell: (agent) => agent.status },
    { heading: 'MESH', cell: ({ mesh }) => meshCell(mesh) },
    { heading: 'APPLIED', cell: ({ appliedVersion }) => appliedVersion },
    { heading: 'APPLIED AT', cell: ({ appliedAt }) => appliedAt },
    { heading: 'LAST CONTACT', cell: ({ lastContactAt }) => lastContactAt },
    { heading: 'REASON', cell: ({ reason }) => reason },
  ]);
  for (const { agentId, status: how, mesh, failures, refusedFlows } of status.agents) {
    tellFault(screen, agentId, mesh);
    if (refusedFlows.length > 0) {
      const reasons = refusedFlows.map(({ code, count }) => `${count} ${code}`).join(', ');
      screen.line(`${agentId}: connections refused since it started: ${reasons}`);
    }
    for (const { alias, code, message } of failures) {
      const isRemembered = how === 'OFFLINE' || how === 'UNKNOWN';
      const down = isRemembered ? 'was not up when the agent was heard last' : 'is not up';
      screen.line(`${agentId}: alias ${alias} ${down}: ${message} (${code})`, 'bad');
    }
  }
}

function tellFault(screen: Screen, name: string, mesh: MeshStateDto | null): void {
  for (const line of meshFault(name, mesh)) screen.line(line, 'bad');
}
