import { readFileSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { playNames, playServer } from '#test/support/played-names.js';
import { freePort } from '#test/support/ports.js';
import { makeNetwork } from '#test/support/set-up.js';
import { OUTSIDE_RESOLVER, sharedStack } from '#test/support/shared-stack.js';
import { type RunningStack, ran } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

interface Ready {
  readonly agents: readonly { readonly name: string; readonly dnsAddress: string }[];
  readonly sandboxes: readonly { readonly id: string; readonly address: string }[];
}

interface Written {
  readonly result: { readonly id: string };
  readonly applied: { readonly confirmed: number; readonly expected: number; readonly flowsCut: number };
}

/** One connection to a name outside, and its outcome. */
class Session {
  bytes = 0;
  ended: string | null = null;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.bytes += chunk.length;
    });
    socket.on('error', (error) => {
      this.ended = 'code' in error ? String(error.code) : error.message;
    });
    socket.on('close', () => {
      this.ended ??= 'closed';
    });
  }
}

describe('connections to names outside, from the command line', function () {
  this.timeout(60_000);
  const at = sharedStack('static', 'direct');
  const server = OUTSIDE_RESOLVER.replace(/\.53:5353$/, '.80');
  const names = new Map(
    ['db.cut', 'files.cut', 'kept.cut', 'wanted', 'exit'].map((name) => [`${name}.example.com`, server]),
  );
  let stack: RunningStack;
  let resolver: { close(): Promise<void> };
  let servers: Server;
  let port: number;
  let web: string;
  let dns: string;

  before(async () => {
    stack = at();
    port = await freePort();
    resolver = await playNames(OUTSIDE_RESOLVER, names);
    servers = await playServer(server, port);
    const ready: Ready = JSON.parse(readFileSync(join(stack.home, 'ready.json'), 'utf8'));
    web = ready.sandboxes.find(({ id }) => id === 'sbx-web')?.address ?? '';
    dns = ready.agents.find(({ name }) => name === 'host-a')?.dnsAddress ?? '';
    await makeNetwork(stack, 'world', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
  });

  after(async () => {
    servers?.close();
    await resolver?.close();
  });

  /**
   * The address that sbx-web gets for a name; null: it does not exist. The agent gives neither answer while it waits
   * for a listed network, such as the one of an earlier test that is just being deleted.
   */
  async function lookUp(name: string): Promise<string | null> {
    const [host = '', dnsPort = ''] = dns.split(':');
    const stdout = await waitFor(`the agent knows of ${name}`, async () => {
      const answer = await ran('dig', ['+tries=1', '+time=3', `@${host}`, '-p', dnsPort, '-b', web, name]);
      return !answer.stdout.includes('(Not Ready)') && answer.stdout;
    });
    if (stdout.includes('status: NXDOMAIN')) return null;
    return /\sA\s+([\d.]+)/.exec(stdout)?.[1] ?? expect.fail(stdout);
  }

  async function open(name: string, says: string): Promise<Session> {
    const host = (await lookUp(name)) ?? expect.fail(`${name} does not exist`);
    const session = new Session(connect({ host, port, localAddress: web }));
    await waitFor(`${name} greets`, () => session.bytes > 0);
    const before = session.bytes;
    session.socket.write(says);
    await waitFor(`${name} answers`, () => session.bytes > before);
    return session;
  }

  const write = async (...words: string[]) =>
    (await stack.json(['network', 'egress', words[0] ?? '', 'world', ...words.slice(1), '--wait'])) as Written;
  const rule = (effect: string, name: string, ...more: string[]) =>
    write(effect, '--from', 'web', '--to', `${name}.example.com:${port}`, ...more);
  const goesOn = async (session: Session) => {
    const { bytes } = session;
    await waitFor('bytes go on', () => session.bytes > bytes);
  };

  it('are cut by the removal of a wildcard, except those that another rule allows', async () => {
    const wildcard = await rule('allow', '*.cut', '--private');
    await rule('allow', 'kept.cut', '--private');
    const query = await open('db.cut.example.com', 'select 1');
    const download = await open('files.cut.example.com', 'download');
    const kept = await open('kept.cut.example.com', 'download');
    const { applied } = await write('remove', wildcard.result.id);
    expect(applied).to.deep.include({ confirmed: 2, expected: 2, flowsCut: 2 });
    for (const cut of [query, download]) await waitFor('it is reset', () => cut.ended !== null);
    expect([query.ended, download.ended]).to.deep.equal(['ECONNRESET', 'ECONNRESET']);
    await goesOn(kept);
    expect(await lookUp('db.cut.example.com')).to.equal(null);
    kept.socket.destroy();
  });

  it('are cut by a denial, idle and busy ones, which the command counts once every agent has acknowledged it', async () => {
    await rule('allow', '*.cut', '--private');
    const query = await open('db.cut.example.com', 'select 1');
    const download = await open('files.cut.example.com', 'download');
    const deny = ['--from', 'any', '--to', `*.cut.example.com:${port}`, '--wait'];
    const denied = await stack.gstacks('network', 'egress', 'deny', 'world', ...deny);
    expect(denied.code, denied.stderr).to.equal(0);
    expect(denied.stdout).to.match(/applied by 2\/2 agents in \d+ ms; 2 open connections cut/);
    for (const cut of [query, download]) await waitFor('it is reset', () => cut.ended !== null);
    expect([query.ended, download.ended]).to.deep.equal(['ECONNRESET', 'ECONNRESET']);
    expect(await lookUp('db.cut.example.com')).to.equal(null);
  });

  it('that were refused are listed with the command that allows them, which then does', async () => {
    const listed = async () => {
      const found = (await stack.json(['network', 'egress', 'denied', 'world', '--from', 'web'])) as {
        readonly items: readonly { readonly name: string; readonly reason: string; readonly remedy: string }[];
      };
      return found.items.find(({ name }) => name === 'wanted.example.com');
    };
    expect(await lookUp('wanted.example.com')).to.equal(null);
    const refused = await waitFor('it is listed', listed);
    expect(refused.reason).to.equal('DEFAULT_DENY');
    const [program, ...words] = refused.remedy.split(' ');
    expect(program).to.equal('gstacks');
    await stack.json([...words, '--wait']);
    expect(await lookUp('wanted.example.com')).to.be.a('string');
    const { stdout } = await stack.gstacks('network', 'egress', 'denied', 'world', '--from', 'web');
    expect(stdout).to.contain('DEFAULT_DENY, allowed since');
  });

  it('leave by the agent that a rule names, which is proven and tested like the other; one that is none is refused', async () => {
    const { applied, result } = await rule('allow', 'exit', '--private', '--via', 'host-b');
    expect(applied).to.deep.include({ confirmed: 2, expected: 2 });
    const query = await open('exit.example.com', 'select 1');
    const tested = await stack.gstacks('network', 'test', 'world', 'web', `exit.example.com:${port}`, '--verbose');
    expect(tested.code, tested.stdout).to.equal(0);
    expect(tested.stdout).to.match(/host-b.*TARGET_ACCEPTS\s+pass/);
    expect(tested.stdout).to.match(/host-a.*PEER_REACHED\s+pass/);
    expect((await write('remove', result.id)).applied.flowsCut).to.equal(1);
    await waitFor('it is reset', () => query.ended !== null);
    const words = ['--from', 'web', '--to', `exit.example.com:${port}`, '--via', 'host-z'];
    const refused = await stack.json(['network', 'egress', 'allow', 'world', ...words], 6);
    expect(JSON.stringify(refused)).to.contain('AGENT_NOT_FOUND').and.contain('gstacks agent list');
  });
});
