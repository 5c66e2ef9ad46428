import { spawn } from 'node:child_process';
import { expect } from 'chai';
import * as answers from '#test/integration/cli/answers.js';
import { finished, GSTACKS, words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';

describe('gstacks on a terminal', function () {
  this.timeout(60_000);
  const at = stage();

  /** The command's output to a pseudo-terminal of `script`, with this many columns. */
  async function onTerminal(columns: number, command: string): Promise<string> {
    const { gstacks, env } = at();
    const child = spawn('script', ['-qec', `stty cols ${columns}; exec ${GSTACKS} ${command}`, '/dev/null'], {
      env: { ...gstacks.environment, ...env, NO_COLOR: '1', TERM: 'xterm' },
      stdio: 'pipe',
    });
    child.stdin.end();
    const { stdout, stderr } = await finished(child);
    expect(stderr).to.equal('');
    return stdout.replaceAll('\r\n', '\n');
  }

  it('fits its tables to the width, shows all of them with --verbose, and cuts nothing off a terminal', async () => {
    const { server, gstacks, env } = at();
    const listed = {
      ...answers.alias,
      ports: [8_080, 9_090, 9_100].map((port) => ({ published: port, target: port })),
    };
    server.on('GET /v1/networks/dev/aliases', { json: answers.page(listed) });
    const command = 'network alias list dev';
    const fitted = await onTerminal(40, command);
    expect(
      fitted.split('\n').every((line) => line.length <= 40),
      fitted,
    ).to.equal(true);
    expect(fitted)
      .to.match(/^ALIAS +SANDBOX/)
      .and.contain('left out: NAME')
      .and.not.contain('api.dev.gstacks');
    const { stdout } = await gstacks.run(words(command), { env });
    expect(stdout).to.match(/^api +api\.dev\.gstacks +sbx-api +host-b +8080, 9090, 9100$/m);
    expect(await onTerminal(40, `${command} --verbose`)).to.equal(stdout);
    expect(await onTerminal(200, command)).to.equal(stdout);
  });
});
