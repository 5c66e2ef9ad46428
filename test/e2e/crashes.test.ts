import { text } from 'node:stream/consumers';
import { CarefulClient } from '#test/support/careful-client.js';
import { openConnection } from '#test/support/open-connection.js';
import { requireApplied, requireWritten } from '#test/support/record-check.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';
import { type KillSignal, VICTIMS } from '#test/truth/kills/victims.js';
import { randomOf } from '#test/truth/random.js';

/**
 * Each kind of process and each signal; `npm run soak -- --kills N` draws many more, including the end of npm start
 * itself.
 */
const KILLS: readonly (readonly [string, KillSignal])[] = [
  ['control-plane', 'SIGKILL'],
  ['nats', 'SIGTERM'],
  ['postgres', 'SIGKILL'],
  ['postgres-backend', 'SIGKILL'],
  ['postgres', 'SIGTERM'],
  ['agent-host-a', 'SIGKILL'],
  ['agent-host-b', 'SIGSTOP'],
  ['sbx-api', 'SIGKILL'],
];
const COMMANDS_BETWEEN_KILLS = 8;
const random = randomOf(1, 1);

describe('crashes under a loop of commands', function () {
  this.timeout(240_000);
  let stack: RunningStack;
  let client: CarefulClient;
  let isOver = false;

  before(async function () {
    this.timeout(150_000);
    stack = await startStack({ sandboxes: 'static' });
    client = new CarefulClient({ url: stack.url, token: stack.token, network: 'dev' });
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
  });

  after(async () => {
    isOver = true;
    await stack?.remove();
  });

  async function commands(): Promise<void> {
    for (let n = 1; !isOver; n += 1) {
      await client.write('POST', 'aliases', { sandboxId: 'sbx-api', alias: `a${n}`, ports: ['8080'] });
      const effect = n % 2 === 0 ? 'deny' : 'allow';
      await client.write('POST', 'rules', { effect, from: 'web', to: `a${n}`, port: 8_080 });
    }
  }

  async function commandsGoThrough(): Promise<void> {
    const sofar = client.acknowledged.length;
    await waitFor('commands go through', () => client.acknowledged.length >= sofar + COMMANDS_BETWEEN_KILLS, 60_000);
  }

  async function take(name: string, signal: KillSignal): Promise<void> {
    const victim = VICTIMS.find((one) => one.name === name);
    const pids = (await victim?.pids(stack, signal, random)) ?? [];
    const [first] = pids;
    if (victim === undefined || first === undefined) throw new Error(`${name} does not run`);
    if (signal === 'SIGSTOP') {
      await stopProcesses(...pids);
      await commandsGoThrough();
      for (const pid of pids) process.kill(pid, 'SIGCONT');
      return;
    }
    for (const pid of pids) process.kill(pid, signal);
    await waitFor(
      `${name} runs again`,
      async () => {
        const now = await victim.pids(stack, signal, random);
        return now.length > 0 && !now.includes(first);
      },
      30_000,
    );
  }

  it('lose nothing, double nothing, and leave every agent with what the log says', async () => {
    const loop = commands();
    for (const [name, signal] of KILLS) {
      await commandsGoThrough();
      await take(name, signal);
    }
    await commandsGoThrough();
    isOver = true;
    await loop;
    await requireWritten(stack, client.acknowledged);
    await requireApplied(stack, 'dev');
  });

  it('leave connections by name to processes that were killed', async () => {
    await waitFor('sbx-api answers by name', async () => (await answerTo('a1')).includes('"sbx-api"'));
  });

  async function answerTo(alias: string): Promise<string> {
    const socket = await openConnection(stack, { from: 'sbx-web', network: 'dev', alias, port: 8_080 });
    const answer = text(socket).catch(String);
    socket.end('GET / HTTP/1.0\r\n\r\n');
    return answer;
  }
});
