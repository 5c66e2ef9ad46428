import { expect } from 'chai';
import { parseObject } from '#libs/contracts/json-fields.js';
import { withRecord } from '#test/support/record.js';
import { makeNetwork } from '#test/support/set-up.js';
import { sharedStack } from '#test/support/shared-stack.js';
import type { RunningStack } from '#test/support/stack.js';

/**
 * Well-formed commands that the control plane refuses: the code, and the exit code. What gstacks refuses by itself
 * never reaches a control plane (test/integration/cli/bad-input).
 */
const REFUSED: readonly (readonly [string, string, number])[] = [
  ['network create dev', 'NETWORK_EXISTS', 2],
  ['network show nowhere', 'NETWORK_NOT_FOUND', 6],
  ['network status nowhere', 'NETWORK_NOT_FOUND', 6],
  ['network delete nowhere', 'NETWORK_NOT_FOUND', 6],
  ['network delete dev', 'NETWORK_NOT_EMPTY', 2],
  ['network attach nowhere sbx-api', 'NETWORK_NOT_FOUND', 6],
  ['network attach dev sbx-nobody', 'SANDBOX_NOT_FOUND', 6],
  ['network alias add dev sbx-worker api --port 8080', 'ALIAS_TAKEN', 2],
  ['network alias add dev sbx-web web --port 8080', 'NOT_ATTACHED', 6],
  ['network alias remove dev nothing', 'ALIAS_NOT_FOUND', 6],
  ['network alias remove dev api --if-match 1', 'VERSION_CONFLICT', 7],
  ['network resolve dev nothing', 'ALIAS_NOT_FOUND', 6],
  ['network policy allow dev --from local --to nothing --port 8080', 'ALIAS_NOT_FOUND', 6],
  ['network policy remove dev rule-00000000', 'RULE_NOT_FOUND', 6],
  ['network list --cursor nonsense', 'INVALID_CURSOR', 2],
  ['sandbox show sbx-nobody', 'SANDBOX_NOT_FOUND', 6],
  ['sandbox label sbx-nobody tier=web', 'SANDBOX_NOT_FOUND', 6],
  ['sandbox release sbx-nobody --yes', 'SANDBOX_NOT_FOUND', 6],
  ['sandbox release sbx-api --yes', 'SANDBOX_HELD', 2],
  ['sandbox pin sbx-nobody', 'SANDBOX_NOT_FOUND', 6],
  ['sandbox pin sbx-api --to host-nobody', 'AGENT_NOT_FOUND', 6],
  ['sandbox unpin sbx-nobody', 'SANDBOX_NOT_FOUND', 6],
  ['network quarantine nowhere', 'NETWORK_NOT_FOUND', 6],
  ['network quarantine nowhere --lift', 'NETWORK_NOT_FOUND', 6],
  ['sandbox exec sbx-web -- true', 'EXEC_UNSUPPORTED', 2],
  ['agent revoke host-nobody --yes', 'AGENT_NOT_FOUND', 6],
];

describe('what the control plane refuses', function () {
  this.timeout(180_000);
  const at = sharedStack('static', 'direct');
  let stack: RunningStack;

  before(async () => {
    stack = at();
    await makeNetwork(stack, 'dev', { 'sbx-api': 'api:8080', 'sbx-worker': null });
  });

  /** Rows that commands write; agents' reports are written to other streams. */
  const written = () =>
    withRecord(stack, async (client) => {
      const { rows } = await client.query<{ events: string; commands: string }>(
        "SELECT (SELECT count(*) FROM events WHERE stream_id LIKE 'network-%') AS events, (SELECT count(*) FROM commands) AS commands",
      );
      return rows[0];
    });

  it('leaves no event and no command behind', async () => {
    const before = await written();
    for (const [line, code, exitCode] of REFUSED) {
      const { error } = parseObject(await stack.json(line.split(' '), exitCode), 'answer');
      expect(error, line).to.include({ code });
      expect(parseObject(error, 'error').remedy, line).to.match(/gstacks |npm start/);
    }
    expect(await written()).to.deep.equal(before);
  });
});
