import { showStatus } from '#apps/cli/network-status-text.js';
import type { AgentNetworkStatusDto, LocalNodeStatusDto, NetworkStatusDto } from '#libs/api-client/generated/index.js';
import { epoch, inSeconds, long, NOW_MS, type Paint, type Picture, secondsAgo } from '#test/support/screens/paint.js';

function agent(agentId: string, change: Partial<AgentNetworkStatusDto> = {}): AgentNetworkStatusDto {
  return {
    ...{ agentId, status: 'SYNCED', appliedVersion: 14, appliedAt: secondsAgo(3), lastContactAt: secondsAgo(1) },
    ...{ mesh: null, failures: [], refusedFlows: [], flowsCut: 0, tookMs: 12, reason: null },
    ...change,
  };
}
const offline = (agentId: string) =>
  agent(agentId, { status: 'OFFLINE', appliedVersion: 13, lastContactAt: secondsAgo(31), reason: 'no heartbeat' });

function localNode(nodeId: string, change: Partial<LocalNodeStatusDto> = {}): LocalNodeStatusDto {
  return {
    ...{ nodeId, user: 'ada', machine: 'laptop', status: 'ONLINE', appliedVersion: 14, mesh: null },
    ...{ lastContactAt: secondsAgo(1), expiresAt: inSeconds(840), ...change },
  };
}

const status =
  (agents: readonly AgentNetworkStatusDto[], change: Partial<NetworkStatusDto> = {}): Paint =>
  (screen) =>
    showStatus(
      screen,
      {
        ...{ network: 'prod', version: 14, epoch, status: 'OFFLINE', unreadable: null, quarantinedSince: null },
        ...{ placements: [], localNodes: [], agents: [...agents], ...change },
      },
      NOW_MS,
    );

export const STATUSES: readonly Picture[] = [
  ['status-one-offline', status([agent('host-a'), offline('host-b'), agent('host-c')])],
  [
    'status-of-every-kind',
    status(
      [
        agent('host-a', {
          refusedFlows: [
            { code: 'DEFAULT_DENY', count: 12 },
            { code: 'FLOW_LIMIT', count: 3 },
          ],
        }),
        agent('host-b', {
          status: 'FAILED',
          reason: 'api: PORT_TAKEN: 127.77.0.5:8080 is taken',
          failures: [
            {
              alias: 'api',
              code: 'PORT_TAKEN',
              message: '127.77.0.5:8080 is taken by process 4711 (nginx: worker process)',
            },
            { alias: 'web', code: 'PORT_TAKEN', message: '127.77.0.6:80 is taken' },
          ],
        }),
        agent('host-c', { status: 'PENDING', appliedVersion: 13, reason: 'version 14 is on its way' }),
        agent('host-d', { status: 'STALE', appliedVersion: 13, reason: 'version 14 not acknowledged in 9042 ms' }),
        agent('host-e', {
          ...{ status: 'UNKNOWN', appliedVersion: null, appliedAt: null, lastContactAt: null },
          reason: 'the agent has not been in contact since the control plane started',
        }),
        agent('host-f', {
          mesh: {
            ...{
              transport: 'tsnet',
              state: 'joined',
              code: 'MESH_CONTROL_UNREACHABLE',
              endpoints: [],
              lastKnown: null,
            },
            message: 'the control server does not answer; known peers stay reachable',
          },
        }),
        agent('host-g', {
          status: 'OFFLINE',
          appliedVersion: 9,
          lastContactAt: secondsAgo(90_000),
          reason: 'the agent is revoked',
        }),
      ],
      {
        status: 'FAILED',
        placements: [
          {
            ...{ sandboxId: 'sbx-api', agentId: 'host-b', since: 4, formerAgentId: 'host-a', pinnedTo: null },
            conflicts: [
              {
                ...{ agentId: 'host-a', code: 'PLACEMENT_CONFLICT', remedy: 'gstacks sandbox release sbx-api' },
                message: 'agent host-a reports sandbox sbx-api, which belongs to agent host-b',
              },
            ],
          },
        ],
        localNodes: [
          localNode('laptop-0a1b2c3d4e'),
          localNode('desk-5f6a7b8c9d', { status: 'OFFLINE', appliedVersion: null, user: 'bob' }),
        ],
      },
    ),
  ],
  [
    'status-names-of-63-characters',
    status([agent(long('host-a')), offline(long('host-b')), agent('host-c')], {
      network: long('network'),
      localNodes: [localNode(long('laptop'))],
    }),
  ],
  [
    'status-of-many-agents',
    status([
      ...Array.from({ length: 40 }, (_, index) => agent(`host-${index + 1}`)),
      offline('host-41'),
      offline('host-42'),
    ]),
  ],
  ['status-empty', status([], { status: 'EMPTY', version: 1 })],
  [
    'status-quarantined',
    status([agent('host-a', { appliedVersion: 15 })], { status: 'QUARANTINED', version: 15, quarantinedSince: 15 }),
  ],
  [
    'status-unreadable',
    status([], {
      status: 'STREAM_UNREADABLE',
      unreadable: {
        ...{ position: 812, version: 5, eventType: 'NetworkPainted', schemaVersion: 1 },
        message: 'event NetworkPainted in schema version 1 is not known to this release',
        remedy: 'run the release that wrote it, or a later one',
      },
    }),
  ],
];
