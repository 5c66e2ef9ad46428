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
    const name = url.replace('http://', '');
    const kept = { current: null, contexts: [{ name, url, token: 'secret-1' }] };
    expect(JSON.parse(await readFile(path, 'utf8'))).to.deep.equal(kept);
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

  it('keeps several logins, goes to the one that is chosen, and forgets one or all', async () => {
    const { url } = at().server;
    for (const name of ['one', 'two']) {
      const login = await gstacks.run(['login', '--url', url, '--context', name], { stdin: `token-${name}` });
      expect(login.exitCode, login.stderr).to.equal(0);
    }
    const whoami = async () => (await gstacks.run(words('whoami --json'))).stdout;
    expect(JSON.parse(await whoami()).context).to.equal('two');
    expect((await gstacks.run(words('context use one'))).stdout).to.contain(`commands go to ${url}`);
    expect(JSON.parse(await whoami()).context).to.equal('one');
    expect(tokensSeen().at(-1)).to.equal('Bearer token-one');
    const list = JSON.parse((await gstacks.run(words('context list --json'))).stdout);
    expect(list.items.map(({ name, inUse }: { name: string; inUse: boolean }) => [name, inUse])).to.deep.equal([
      ['one', true],
      ['two', false],
    ]);
    expect((await gstacks.run(words('logout'))).stdout).to.contain('forgot context one');
    expect(JSON.parse(await whoami()).context).to.equal('two');
    expect((await gstacks.run(words('logout --all'))).exitCode).to.equal(0);
    expect(await whoami()).to.contain('CONTEXT_MISSING');
    expect(await readFile(join(gstacks.folder, 'config/gstacks/config.json'), 'utf8')).to.not.contain('token-');
    for (const line of ['context use one', 'logout --context one', 'logout']) {
      const { exitCode, stderr } = await gstacks.run(words(line));
      expect(exitCode, line).to.equal(2);
      expect(stderr, line).to.match(/CONTEXT_(NOT_FOUND|MISSING)/);
    }
  });

  it('tells apart the stack and a login that was chosen, and says which variable comes first', async () => {
    const { url } = at().server;
    await put(join(gstacks.folder, 'home/context.json'), JSON.stringify({ url, token: 'of-stack' }));
    await gstacks.run(['login', '--url', url, '--context', 'one'], { stdin: 'of-login' });
    const { stdout } = await gstacks.run(words('context use one'));
    expect(stdout).to.contain('GLOBALSTACKS_HOME is set and comes first');
    expect((await gstacks.run(words('context use stack'))).stdout).to.contain(`commands go to ${url}`);
  });
});
