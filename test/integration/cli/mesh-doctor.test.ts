import { expect } from 'chai';
import type { MeshDiagnosisDto } from '#libs/api-client/generated/index.js';
import { problem } from '#test/integration/cli/answering-server.js';
import { words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';
import { freePort } from '#test/support/ports.js';

const DIAGNOSIS = 'POST /v1/mesh/diagnosis';
const PUBLIC_KEY = { legacyPublicKey: '', publicKey: `mkey:${'5a'.repeat(32)}` };

type Check = MeshDiagnosisDto['checks'][number];

function check(code: Check['code'], change: Partial<Check> = {}): Check {
  return { code, status: 'pass', cause: null, evidence: `seen of ${code}`, remedy: null, ...change };
}

function diagnosis(meshControlUrl: string | null, ...changed: readonly Check[]): MeshDiagnosisDto {
  const codes = ['MESH_CONFIGURED', 'CONTROL_SERVER_ANSWERS', 'KEY_SOURCE', 'TOKEN_MAY_MINT', 'AGENTS_JOINED'] as const;
  const checks = codes.map((code) => changed.find((other) => other.code === code) ?? check(code));
  return { meshTransport: meshControlUrl === null ? 'direct' : 'tsnet', meshControlUrl, checks };
}

describe('gstacks mesh doctor', function () {
  this.timeout(60_000);
  const on = stage();

  const run = (...more: readonly string[]) => on().gstacks.run([...words('mesh doctor'), ...more], { env: on().env });

  it('shows every check, and one more made from this machine, to which no token goes', async () => {
    const { server } = on();
    server.on(DIAGNOSIS, { json: diagnosis(server.url) }).on('GET /key', { json: PUBLIC_KEY });
    const { stdout, stderr, exitCode } = await run();
    expect([stderr, exitCode]).to.deep.equal(['', 0]);
    for (const code of ['MESH_CONFIGURED', 'AGENTS_JOINED', 'CONTROL_SERVER_ANSWERS_HERE']) {
      expect(stdout).to.match(new RegExp(`^${code} +pass `, 'm'));
    }
    expect(stdout).to.include('no check failed');
    const [asked, probed] = server.requests;
    expect(asked?.headers.authorization).to.equal('Bearer secret-token');
    expect(probed?.path).to.equal('/key');
    expect(probed?.headers.authorization).to.equal(undefined);
  });

  it('passes over what a direct mesh does not have', async () => {
    on().server.on(DIAGNOSIS, { json: diagnosis(null, check('KEY_SOURCE', { status: 'skipped' })) });
    const { stdout, exitCode } = await run();
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/^CONTROL_SERVER_ANSWERS_HERE +skipped /m);
    expect(on().server.requests).to.have.length(1);
  });

  it('tells the first failure with its remedy, and exits as that says', async () => {
    const { server } = on();
    const failure = {
      status: 'fail',
      cause: 'MESH_API_UNREACHABLE',
      remedy: 'check GLOBALSTACKS_MESH_API_URL',
    } as const;
    const late = { status: 'fail', cause: 'MESH_KEY_USED', remedy: 'make another' } as const;
    const found = diagnosis(server.url, check('KEY_SOURCE', failure), check('AGENTS_JOINED', late));
    server.on(DIAGNOSIS, { json: found }).on('GET /key', { json: PUBLIC_KEY });
    const { stdout, exitCode } = await run();
    expect(exitCode).to.equal(4);
    expect(stdout).to.include('KEY_SOURCE failed: seen of KEY_SOURCE (MESH_API_UNREACHABLE)\n');
    expect(stdout).to.include('  try: check GLOBALSTACKS_MESH_API_URL\n').and.not.include('make another');
    const refused = diagnosis(server.url, check('AGENTS_JOINED', late));
    server.on(DIAGNOSIS, { json: refused });
    expect((await run()).exitCode).to.equal(1);
    server.on(DIAGNOSIS, { json: diagnosis(server.url, check('AGENTS_JOINED', { status: 'unknown' })) });
    expect((await run()).exitCode).to.equal(5);
  });

  it('fails where the control server answers the control plane and not this machine', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    on().server.on(DIAGNOSIS, { json: diagnosis(nowhere) });
    const { stdout, exitCode } = await run('--json');
    expect(exitCode).to.equal(4);
    const { checks } = JSON.parse(stdout) as { readonly checks: readonly unknown[] };
    expect(checks).to.have.length(6);
    expect(checks.at(-1)).to.deep.include({
      code: 'CONTROL_SERVER_ANSWERS_HERE',
      status: 'fail',
      cause: 'MESH_CONTROL_UNREACHABLE',
      evidence: `${nowhere} does not answer: ECONNREFUSED`,
    });
  });

  it('does not take what is no control server for one', async () => {
    const { server } = on();
    server.on(DIAGNOSIS, { json: diagnosis(server.url) });
    for (const answer of [
      problem(404, 'ROUTE_NOT_FOUND', 'no such route'),
      { text: '<html>hello' },
      { json: { publicKey: `mkey:${'0'.repeat(64)}` } },
      { json: { publicKey: 7 } },
      { text: 'null' },
    ]) {
      server.on('GET /key', answer);
      const { stdout, exitCode } = await run();
      expect(exitCode).to.equal(1);
      expect(stdout).to.include('CONTROL_SERVER_ANSWERS_HERE failed').and.include('MESH_CONTROL_INVALID');
    }
  });

  it('says that it is for admins', async () => {
    on().server.on(DIAGNOSIS, problem(403, 'FORBIDDEN', 'the role operator may not do this; it needs admin'));
    const { stderr, exitCode } = await run();
    expect(exitCode).to.equal(2);
    expect(stderr).to.include('it needs admin').and.include('gstacks whoami');
  });
});
