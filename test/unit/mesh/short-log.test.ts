import { expect } from 'chai';
import type { MeshLogEntry } from '#libs/mesh/log.js';
import { shortMeshLog } from '#libs/mesh/short-log.js';
import { agent } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';

describe('the short mesh log', () => {
  it('tells the first entries of a code and peer, and at the end of the period how many more there were', async () => {
    const told: MeshLogEntry[] = [];
    const more: unknown[] = [];
    const log = shortMeshLog(
      (entry) => told.push(entry),
      (code, peer, count) => more.push({ code, peer, count }),
      50,
    );
    const hostA = { kind: 'agent', agentId: agent('host-a') } as const;
    for (let count = 0; count < 1_000; count += 1) {
      log({ code: 'TOO_MANY_HANDSHAKES', peer: null, message: 'a connection was refused' });
      log({ code: 'HEADER_MISSING', peer: hostA, message: 'gs-flow is missing' });
    }
    log({ code: 'HEADER_MISSING', peer: { kind: 'agent', agentId: agent('host-b') }, message: 'gs-flow is missing' });
    expect(told).to.have.length(11);
    await waitFor('the summary', () => more.length > 0);
    expect(more).to.deep.equal([
      { code: 'TOO_MANY_HANDSHAKES', peer: null, count: 995 },
      { code: 'HEADER_MISSING', peer: 'agent host-a', count: 995 },
    ]);
  });
});
