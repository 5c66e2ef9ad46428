import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { problem } from '#test/integration/cli/answering-server.js';
import { session } from '#test/integration/cli/answers.js';
import { Gstacks, words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

describe('cli: contexts and login', function () {
  this.timeout(60_000);
  const at = stage();
  let gstacks: Gstacks;
  const tokensSeen = () => at().server.requests.map(({ headers }) => headers.authorization);

  beforeEach(async () => {
    gstacks = await Gstacks.create();
    at().server.on('GET /v1/session', { json: session });
  });
  afterEach(() => gstacks.remove());

  it('takes flags, then the environment, then the home folder, then the login', async () => {
    const { url } = at().server;
    await put(join(gstacks.folder, 'config/gstacks/config.json'), JSON.stringify({ url, token: 'from-login' }));
    await gstacks.run(words('whoami'));
    await put(join(gstacks.folder, 'home/context.json'), JSON.stringify({ url, token: 'from-home' }));
    await gstacks.run(words('whoami'));
    const env = { GLOBALSTACKS_URL: url, GLOBALSTACKS_TOKEN: 'from-environment' };
    await gstacks.run(words('whoami'), { env });
    await put(join(gstacks.folder, 'token'), 'from-flag\n');
    await gstacks.run(['whoami', '--token-file', join(gstacks.folder, 'token')], { env });
    await gstacks.run(words('whoami --token-file -'), { env, stdin: 'from-stdin' });
    expect(tokensSeen()).to.deep.equal(
      ['from-login', 'from-home', 'from-environment', 'from-flag', 'from-stdin'].map((token) => `Bearer ${token}`),
    );
  });

  it('says where the context came from', async () => {
    const { url } = at().server;
    await put(join(gstacks.folder, 'home/context.json'), JSON.stringify({ url, token: 't' }));
    const { stdout } = await gstacks.run(words('whoami'));
    expect(stdout)
      .to.contain('user:    admin')
      .and.contain(`url:     ${url} (from ${gstacks.folder}/home/context.json)`);
  });

  it('does not send a saved token to another url', async () => {
    await put(join(gstacks.folder, 'home/context.json'), JSON.stringify({ url: 'http://127.0.0.1:1', token: 't' }));
    const { exitCode, stderr } = await gstacks.run(['whoami', '--url', at().server.url]);
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('TOKEN_MISSING').and.contain('gstacks login --url');
    expect(tokensSeen()).to.deep.equal([]);
  });

  for (const [name, text] of [
    ['cut off', '{"url":"http://'],
    ['empty', ''],
    ['of another shape', '[1]'],
  ] as const) {
    it(`names a context file that is ${name}`, async () => {
      const path = join(gstacks.folder, 'home/context.json');
      await put(path, text);
      const { exitCode, stderr } = await gstacks.run(words('whoami'));
      expect(exitCode).to.equal(2);
      expect(stderr).to.contain(path).and.contain('CONTEXT_DAMAGED').and.contain('gstacks login');
    });
  }

  it('login checks the token, keeps it for its owner alone, and later commands use it', async () => {
    const { url } = at().server;
    const login = await gstacks.run(['login', '--url', `${url}/`], { stdin: 'secret-1\n' });
    expect(login.exitCode).to.equal(0);
    expect(login.stdout + login.stderr).to.not.contain('secret-1');
    const path = join(gstacks.folder, 'config/gstacks/config.json');
    expect(JSON.parse(await readFile(path, 'utf8'))).to.deep.equal({ url, token: 'secret-1' });
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect((await stat(dirname(path))).mode & 0o777).to.equal(0o700);
    expect((await gstacks.run(words('whoami'))).exitCode).to.equal(0);
    expect(tokensSeen()).to.deep.equal(['Bearer secret-1', 'Bearer secret-1']);
  });

  it('login keeps nothing that is not accepted', async () => {
    at().server.on('GET /v1/session', problem(401, 'UNAUTHENTICATED', 'the token is not known'));
    const login = await gstacks.run(['login', '--url', at().server.url], { stdin: 'wrong' });
    expect(login.exitCode).to.equal(2);
    expect((await gstacks.run(words('whoami'))).stderr).to.contain('CONTEXT_MISSING');
  });

  it('login takes no token as an argument', async () => {
    const { exitCode, stderr } = await gstacks.run(['login', '--url', at().server.url, '--token', 'abc']);
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('--token');
    expect(tokensSeen()).to.deep.equal([]);
  });

  it('login says so when another context comes first', async () => {
    const { url } = at().server;
    await put(join(gstacks.folder, 'home/context.json'), JSON.stringify({ url, token: 't' }));
    const { stdout } = await gstacks.run(['login', '--url', url], { stdin: 'secret-2' });
    expect(stdout).to.contain('home/context.json comes first');
  });
});
