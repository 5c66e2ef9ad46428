import { showMesh } from '#apps/cli/mesh/status-text.js';
import type { ForwardState, JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { inSeconds, long, NOW_MS, type Paint, type Picture, secondsAgo } from '#test/support/screens/paint.js';

function joined(network: string, change: Partial<JoinedNetworkState> = {}): JoinedNetworkState {
  return {
    ...{ network, nodeId: 'laptop-0a1b2c3d4e', user: 'admin', state: 'joined', lastContactAt: secondsAgo(1) },
    ...{ code: null, message: null, remedy: null, bus: 'connected', mesh: 'joined', version: 22, newerVersion: null },
    ...{ expiresAt: inSeconds(850), reachable: [], forwards: [], ...change },
  };
}
const forward = (localPort: number, alias: string, change: Partial<ForwardState> = {}): ForwardState => ({
  ...{ alias, port: 8_080, localPort, state: 'open', reason: null, lastKnown: null, connections: 0, ...change },
});
const denial = (alias: string, network = 'dev') =>
  forward(18_383, alias, {
    state: 'denied',
    reason: `denied by policy, or not published (version 22); ask: gstacks network test ${network} local:admin ${alias}:8080`,
  });
const disconnected = (network: string) =>
  joined(network, {
    ...{ state: 'unknown', bus: 'refused', mesh: 'unknown', code: 'OUT_OF_CONTACT', lastContactAt: secondsAgo(1_800) },
    message: 'the control plane last answered at 2026-01-02T12:00:00.000Z',
    remedy: `gstacks mesh join ${network}`,
  });

const mesh =
  (...networks: readonly JoinedNetworkState[]): Paint =>
  (screen) =>
    showMesh(screen, networks, NOW_MS);

export const MESHES: readonly Picture[] = [
  [
    'mesh-two-networks',
    mesh(joined('dev', { forwards: [forward(18_381, 'api'), denial('nope')] }), disconnected('staging')),
  ],
  ['mesh-nothing-forwarded', mesh(joined('dev', { reachable: ['api:8080', 'web:80'] }), joined('empty'))],
  [
    'mesh-of-every-kind',
    mesh(
      joined('dev', {
        ...{ version: 20, newerVersion: 22, code: 'VERSION_OUTDATED', message: 'version 22 has not arrived' },
        remedy: 'gstacks network status dev',
        reachable: Array.from({ length: 40 }, (_, index) => `service-${index + 1}:8080`),
        forwards: [
          forward(18_381, 'api', { connections: 3 }),
          forward(18_382, 'web', { state: 'unreachable', reason: 'agent host-b: no connection (PEER_UNREACHABLE)' }),
          forward(18_384, 'db', {
            ...{ state: 'unknown', lastKnown: { state: 'open', at: secondsAgo(200) } },
            reason: "the target's agent was last asked at 2026-01-02T12:26:40.000Z",
          }),
        ],
      }),
      joined('old', {
        ...{ state: 'ended', code: 'LOCAL_NODE_REVOKED', message: 'it was revoked', remedy: null, mesh: 'left' },
        forwards: [forward(18_385, 'api', { state: 'ended', reason: 'it was revoked' })],
      }),
    ),
  ],
  [
    'mesh-names-of-63-characters',
    mesh(
      joined(long('network'), {
        user: long('user'),
        forwards: [forward(18_381, long('api')), denial(long('nope'), long('network'))],
        reachable: [`${long('db')}:5432`],
      }),
      disconnected(long('staging')),
    ),
  ],
];
