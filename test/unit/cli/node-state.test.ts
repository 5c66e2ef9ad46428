import { expect } from 'chai';
import { exitCodeOf } from '#apps/cli/mesh/node-state.js';
import type { JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { joined } from '#test/integration/cli/answering-node.js';

const ended = (code: string): JoinedNetworkState => ({ ...joined, state: 'ended', code });
const unknown: JoinedNetworkState = { ...joined, state: 'unknown' };

/** What is known about the node, and the exit code of `mesh status`. */
const rows: readonly (readonly [string, readonly JoinedNetworkState[], boolean, number])[] = [
  ['joined', [joined], false, 0],
  ['never joined', [], false, 0],
  ['told to leave', [ended('LEFT'), joined], false, 0],
  ['revoked', [ended('LOCAL_NODE_REVOKED')], false, 4],
  ['without a login', [joined, ended('LOGIN_EXPIRED')], false, 4],
  ['in a network that was deleted', [ended('NETWORK_DELETED')], false, 4],
  ['out of contact in one network and revoked in another', [unknown, ended('LOCAL_NODE_REVOKED')], false, 4],
  ['out of contact', [unknown], false, 5],
  ['killed', [ended('NODE_DIED')], true, 5],
];

describe('the exit code of a machine', () => {
  for (const [what, networks, died, exitCode] of rows) {
    it(`that is ${what}: ${exitCode}`, () => {
      expect(exitCodeOf({ running: !died, died, pid: 1, networks })).to.equal(exitCode);
    });
  }
});
