import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import * as answers from '#test/integration/cli/answers.js';
import { GSTACKS, words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';
import { certifyServer } from '#test/support/private-authority.js';

const N = '/v1/networks/dev';
const { agent, attachment, page } = answers;
const cuts = { countedAt: agent.lastContactAt, cut: 3, kept: 0, pairs: [], leftOut: 0, notKnown: [] };

describe('cli: what is cut is said and asked first', function () {
  this.timeout(60_000);
  const at = stage();

  it('agent revoke says what the agent loses, and without a terminal revokes nothing', async () => {
    const { server, gstacks, env } = at();
    server.on(`GET /v1/agents/${agent.id}`, { json: { ...agent, sandboxes: ['sbx-api', 'sbx-worker'] } });
    const { stdout, stderr, exitCode } = await gstacks.run(['agent', 'revoke', agent.id], { env });
    expect(stdout).to.contain(agent.status).and.contain('sbx-api, sbx-worker');
    expect(stderr).to.contain('NOT_CONFIRMED').and.contain(`try: gstacks agent revoke ${agent.id} --yes`);
    expect([exitCode, server.writes()]).to.deep.equal([2, []]);
  });

  it('network delete --detach-all says what is cut, and without a terminal deletes nothing', async () => {
    const { server, gstacks, env } = at();
    server.on(`GET ${N}/attachments`, { json: page(attachment) }).on(`POST ${N}/previews`, { json: { cuts } });
    const { stdout, stderr, exitCode } = await gstacks.run(words('network delete dev --detach-all'), { env });
    expect(stdout).to.contain('sbx-api').and.contain('api.dev.gstacks').and.contain('connections that are cut: 3');
    expect(stderr).to.contain('NOT_CONFIRMED').and.contain('try: gstacks network delete dev --detach-all --yes');
    expect(exitCode).to.equal(2);
    expect(server.writes().map(({ method }) => method)).to.deep.equal(['POST']);
  });

  it('network delete --detach-all of an empty network asks nothing', async () => {
    const { server, gstacks, env } = at();
    const deleted = { ...answers.write, result: { detached: [] } };
    server.on(`GET ${N}/attachments`, { json: { items: [], nextCursor: null } }).on(`DELETE ${N}`, { json: deleted });
    const { stdout, exitCode } = await gstacks.run(words('network delete dev --detach-all'), { env });
    expect([exitCode, stdout]).to.deep.equal([0, 'network dev deleted\n']);
  });

  it('agent enroll names an agent that is already enrolled, and prints one line for its host', async () => {
    const { server, gstacks, env } = at();
    const made = {
      ...{ name: agent.id, token: 'gse_secret', expiresAt: '2026-01-02T03:04:05.000Z' },
      meshTransport: 'tsnet',
    };
    server.on('POST /v1/agents/enrollment-tokens', { json: made }).on(`GET /v1/agents/${agent.id}`, { json: agent });
    const { stdout } = await gstacks.run(['agent', 'enroll', agent.id], { env });
    expect(server.writes().map(({ body }) => body)).to.deep.equal([{ name: agent.id }]);
    expect(stdout)
      .to.contain('gse_secret')
      .and.contain('is already enrolled')
      .and.contain(`gstacks agent revoke ${agent.id}`);
    expect(stdout).to.match(
      /\n {2}printf %s gse_secret \| globalstacks-agent enroll --url \S+ --name \S+ --token-file -\n/,
    );
    for (const meshTransport of ['direct', null]) {
      server.on('POST /v1/agents/enrollment-tokens', { json: { ...made, meshTransport } });
      const line = (await gstacks.run(['agent', 'enroll', agent.id], { env })).stdout;
      expect(line).to.match(
        / --token-file - --set GLOBALSTACKS_MESH_TRANSPORT=direct --set \S+_LISTEN=0\.0\.0\.0:7946\n/,
      );
    }
    server.on(`GET /v1/agents/${agent.id}`, { json: { ...agent, status: 'REVOKED' } });
    expect((await gstacks.run(['agent', 'enroll', agent.id], { env })).stdout).to.not.contain('already enrolled');
  });

  it('a list that a filter empties says so, and does not advise to make something', async () => {
    const { server, gstacks, env } = at();
    server.on('GET /v1/networks', { json: { items: [], nextCursor: null, unknown: [] } });
    const filtered = await gstacks.run(words('network list --status SYNCED --label tier=web'), { env });
    expect(filtered.stdout).to.equal(
      'none matches --label and --status; without --label and --status all are listed\n',
    );
    const all = await gstacks.run(words('network list'), { env });
    expect(all.stdout).to.contain('gstacks network create dev');
  });

  it('an answer that a full disk does not take is an error that is said', async () => {
    const { server, gstacks, env } = at();
    server.on('GET /v1/networks', { json: { items: [], nextCursor: null, unknown: [] } });
    const command = `${GSTACKS} network list > /dev/full; echo "exit $?" >&2`;
    const stderr = await new Promise<string>((resolve) => {
      execFile('sh', ['-c', command], { env: { ...gstacks.environment, ...env } }, (_, _stdout, text) => resolve(text));
    });
    expect(stderr).to.contain('OUTPUT_LOST').and.contain('exit 1\n');
  });

  it('a certificate that nobody here trusts is named, and its remedy helps', async () => {
    const { gstacks } = at();
    const { caFile, certificateFile, keyFile } = await certifyServer(gstacks.folder, '127.0.0.1');
    const identity = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };
    const server = createServer(identity, (_, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"items":[],"nextCursor":null,"unknown":[]}');
    }).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const env = { GLOBALSTACKS_URL: url, GLOBALSTACKS_TOKEN: 't' };
      const { stderr, exitCode } = await gstacks.run(words('network list'), { env });
      expect(stderr).to.contain('CERTIFICATE_NOT_TRUSTED').and.contain('GLOBALSTACKS_CA_FILE');
      expect(exitCode).to.equal(4);
      for (const variable of ['GLOBALSTACKS_CA_FILE', 'NODE_EXTRA_CA_CERTS']) {
        const trusted = await gstacks.run(words('network list'), { env: { ...env, [variable]: caFile } });
        expect(trusted.exitCode, trusted.stderr).to.equal(0);
      }
      const unusable = await gstacks.run(words('network list'), {
        env: { ...env, GLOBALSTACKS_CA_FILE: `${caFile}.gone` },
      });
      expect(unusable.stderr).to.contain('AUTHORITIES_UNUSABLE').and.contain(`${caFile}.gone cannot be used`);
      expect(unusable.exitCode).to.equal(2);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
