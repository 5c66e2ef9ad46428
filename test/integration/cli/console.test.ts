import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';

const CODE = `gsc_${'a'.repeat(43)}`;

describe('cli: console', function () {
  this.timeout(60_000);
  const at = stage();

  beforeEach(() => {
    const code = { code: CODE, path: `/sign-in#code=${CODE}`, expiresAt: '2026-01-02T03:04:05.000Z' };
    at().server.on('POST /v1/sign-in-codes', { status: 201, json: code });
  });

  it('prints the link, and opens nothing', async () => {
    const { server, gstacks, env } = at();
    const { stdout, exitCode } = await gstacks.run(words('console --print'), { env: { ...env, BROWSER: '/none' } });
    expect([exitCode, stdout]).to.deep.equal([0, `${server.url}/sign-in#code=${CODE}\n`]);
    const { stdout: json } = await gstacks.run(words('console --json'), { env });
    expect(JSON.parse(json)).to.include({ url: `${server.url}/sign-in#code=${CODE}`, opened: false });
  });

  it('opens a browser without showing the code to those who list processes', async () => {
    const { server, gstacks, env } = at();
    const browser = join(gstacks.folder, 'browser');
    await writeFile(browser, `#!/bin/sh\nprintf '%s\\n' "$@" > ${gstacks.folder}/arguments\n`);
    await chmod(browser, 0o755);
    const { stdout, exitCode } = await gstacks.run(words('console'), { env: { ...env, BROWSER: browser } });
    expect([exitCode, stdout]).to.deep.equal([0, `opened ${server.url} in a browser\n`]);
    const [file = ''] = (await readFile(join(gstacks.folder, 'arguments'), 'utf8')).split('\n');
    expect(file).to.not.include(CODE);
    expect(await readFile(file, 'utf8')).to.include(`url=${server.url}/sign-in#code=${CODE}"`);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
  });

  it('prints the link when there is no browser', async () => {
    const { server, gstacks, env } = at();
    const { stdout, exitCode } = await gstacks.run(words('console'), { env: { ...env, BROWSER: '/none' } });
    expect(exitCode).to.equal(0);
    expect(stdout).to.include('no browser could be opened').and.include(`${server.url}/sign-in#code=${CODE}`);
  });
});
