import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { problem } from '#test/integration/cli/answering-server.js';
import { agent, alias, network, page, sandbox } from '#test/integration/cli/answers.js';
import { words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';

const run = promisify(execFile);

/** Bash's completions for a line, requested as readline does, with COMP_LINE and COMP_POINT. */
const OFFERED = String.raw`
source <("$1" completion bash)
COMP_LINE=$2 COMP_POINT=$(printf '%s' "$2" | wc -m) COMPREPLY=()
_gstacks
printf '%s\n' "$(printf '%s\n' "${'$'}{COMPREPLY[@]}")"
`;

describe('cli: completion', function () {
  this.timeout(60_000);
  const at = stage();

  const complete = (line: string, env = at().env) =>
    at().gstacks.run(['__complete', '--', ...line.split(' ')], { env });

  async function inBash(line: string): Promise<readonly string[]> {
    const { env, gstacks } = at();
    const options = { env: { ...gstacks.environment, ...env } };
    const { stdout, stderr } = await run('bash', ['--norc', '-c', OFFERED, 'bash', gstacks.program, line], options);
    expect(stderr).to.equal('');
    return stdout.split('\n').filter((word) => word !== '');
  }

  beforeEach(() => {
    at()
      .server.on('GET /v1/networks', { json: { ...page(network, { ...network, name: 'staging' }), unknown: [] } })
      .on('GET /v1/networks/dev/aliases', { json: page(alias) })
      .on('GET /v1/sandboxes', { json: page(sandbox) })
      .on('GET /v1/agents', { json: page(agent) });
  });

  for (const [line, offered] of [
    ['gstacks net', ['network']],
    ['gstacks network show ', ['dev', 'staging']],
    ['gstacks network show s', ['staging']],
    ['gstacks sandbox show ', [sandbox.id]],
    ['gstacks agent show h', [agent.id]],
    ['gstacks network alias remove dev ', ['api']],
    ['gstacks network policy allow dev --from ', ['any', 'api', 'local']],
    // bash treats the text after the colon as a separate word.
    ['gstacks mesh forward dev api:80', ['80', '8080']],
    ['gstacks network show dev --j', ['--json']],
  ] as const) {
    it(`bash offers ${offered.join(' and ')} after \`${line}\``, async () => {
      expect(await inBash(line)).to.deep.equal(offered);
    });
  }

  it('is silent, and still knows its words, when the control plane is away or refuses', async () => {
    const away = { ...at().env, GLOBALSTACKS_URL: 'http://127.0.0.1:1' };
    expect(await complete('network show ', away)).to.include({ exitCode: 0, stdout: '', stderr: '' });
    expect(await complete('mesh forward ', away)).to.include({ exitCode: 0, stdout: 'list\nstop\n', stderr: '' });
    at().server.on('GET /v1/networks', problem(401, 'UNAUTHENTICATED', 'no'));
    expect(await complete('network show ')).to.include({ exitCode: 0, stdout: '', stderr: '' });
    expect(await complete('network show ', {})).to.include({ exitCode: 0, stdout: '', stderr: '' });
  });

  it('does not wait for a control plane that says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const began = performance.now();
    const answer = await complete('network show ', { ...at().env, GLOBALSTACKS_URL: url });
    silent.close();
    expect([answer.exitCode, answer.stdout, answer.stderr]).to.deep.equal([0, '', '']);
    expect(performance.now() - began).to.be.lessThan(10_000);
  });

  it('shows no escape of a name to the terminal', async () => {
    at().server.on('GET /v1/sandboxes', { json: page({ ...sandbox, id: 'a\u001b[2Jb' }) });
    expect((await complete('sandbox show ')).stdout).to.not.contain('\u001b');
  });

  it('has a script for each shell, and no other', async () => {
    const { gstacks } = at();
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { exitCode, stdout } = await gstacks.run(words(`completion ${shell}`));
      expect(exitCode).to.equal(0);
      expect(stdout).to.contain(gstacks.program).and.contain('__complete --');
    }
    const { exitCode, stderr } = await gstacks.run(words('completion tcsh'));
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('bash, zsh, fish');
  });
});
