import { expect } from 'chai';
import { AnsweringServer } from './answering-server.js';
import * as answers from './answers.js';
import { Gstacks, words } from './gstacks.js';

const S = '/v1/sandboxes/sbx-api';

describe('cli: gstacks sandbox release', function () {
  this.timeout(60_000);
  let server: AnsweringServer;
  let gstacks: Gstacks;
  let env: Record<string, string>;
  const released = {
    ...{ version: 7, changed: true, unchangedSince: null },
    result: { ...answers.sandbox, agentId: null, status: 'UNPLACED', formerAgentId: 'host-b' },
  };

  before(async () => {
    server = await AnsweringServer.start();
    gstacks = await Gstacks.create();
    env = { GLOBALSTACKS_URL: server.url, GLOBALSTACKS_TOKEN: 'secret-token' };
  });
  beforeEach(() => {
    server.forget();
    server.on(`POST ${S}/release`, { json: released });
  });
  after(async () => {
    await server.close();
    await gstacks.remove();
  });

  it('says what it ends and who is next, and releases from the agent that it showed', async () => {
    const sandbox = { ...answers.silentSandbox, conflicts: answers.movedSandbox.conflicts };
    server.on(`GET ${S}`, { json: sandbox });
    const { stdout, stderr, exitCode } = await gstacks.run(words('sandbox release sbx-api --yes'), { env });
    expect([stderr, exitCode]).to.deep.equal(['', 0]);
    for (const text of [
      'sbx-api is UNKNOWN on host-b, which was heard 3 min ago',
      'dev: its open connections are cut; api.dev.gstacks cannot be reached',
      'until the next agent has it, at once: host-a',
      'host-b is not in contact and cannot be told',
      'sbx-api is released from host-b',
    ]) {
      expect(stdout).to.contain(text);
    }
    expect(server.writes().map(({ body }) => body)).to.deep.equal([{ agentId: 'host-b' }]);
    const shown = await gstacks.run(words('sandbox release sbx-api --yes --json'), { env });
    expect(JSON.parse(shown.stdout)).to.deep.equal({ sandbox, released });
  });

  it('releases nothing when nobody confirms it', async () => {
    server.on(`GET ${S}`, { json: answers.silentSandbox });
    const { stderr, exitCode } = await gstacks.run(words('sandbox release sbx-api'), { env });
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('gstacks sandbox release sbx-api --yes');
    expect(server.writes()).to.deep.equal([]);
  });

  it('says who has it when it was released before', async () => {
    server.on(`GET ${S}`, { json: answers.sandbox });
    server.on(`POST ${S}/release`, {
      json: { ...released, changed: false, unchangedSince: 5, result: answers.sandbox },
    });
    const { stdout } = await gstacks.run(words('sandbox release sbx-api --yes'), { env });
    expect(stdout).to.contain('sbx-api was released already: host-b has it');
  });
});
