import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { decode, encode, RECURSION_DESIRED } from 'dns-packet';

/**
 * The program in a sandbox of the truth test: resident.js ID PORT... It serves each port, answers `who` with its name,
 * and echoes lines after `hold`. Commands come as JSON lines on standard input, and each is answered by one JSON line:
 * dials by name, connections that are kept open, and where the ports listen.
 */
const [id = '', ...ports] = process.argv.slice(2);

type Command =
  | {
      readonly do: 'dial';
      readonly dials: readonly { readonly name: string; readonly port: number }[];
      readonly deadlineMs: number;
    }
  | {
      readonly do: 'hold';
      readonly key: string;
      readonly name: string;
      readonly port: number;
      readonly deadlineMs: number;
    }
  | { readonly do: 'ping'; readonly keys: readonly string[]; readonly deadlineMs: number }
  | { readonly do: 'crowd'; readonly name: string; readonly port: number; readonly count: number }
  | { readonly do: 'disperse' }
  | { readonly do: 'listen'; readonly where: 'all' | 'loopback' | 'nowhere' };

type Dialled =
  | { readonly kind: 'answered'; readonly by: string; readonly address: string }
  | { readonly kind: 'unanswered'; readonly why: string; readonly address: string | null };

// Where the ports listen.

let servers: readonly Server[] = [];
const served = new Set<Socket>();

function serve(socket: Socket): void {
  let text = '';
  let holds = false;
  served.add(socket);
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('close', () => served.delete(socket));
  socket.on('end', () => socket.end());
  socket.on('data', (chunk: string) => {
    if (holds) {
      socket.write(chunk);
      return;
    }
    text += chunk;
    if (text === 'who\n') socket.end(`${id}\n`);
    if (text === 'hold\n') {
      holds = true;
      socket.write(`${id}\n`);
    }
  });
}

async function listen(where: 'all' | 'loopback' | 'nowhere'): Promise<void> {
  const ended = servers.map((server) => new Promise((resolve) => server.close(resolve)));
  for (const socket of served) socket.destroy();
  await Promise.all(ended);
  const address = where === 'all' ? '::' : '127.0.0.1';
  servers =
    where === 'nowhere'
      ? []
      : await Promise.all(
          ports.map(
            (port) =>
              new Promise<Server>((resolve, reject) => {
                const server = createServer({ allowHalfOpen: true }, serve);
                server.once('error', reject);
                server.listen(Number(port), address, () => resolve(server));
              }),
          ),
        );
}

// Names, resolved with the sandbox's own resolver.

const RESOLVER = /^nameserver\s+(\S+)/m.exec(readFileSync('/etc/resolv.conf', 'utf8'))?.[1] ?? '127.0.0.1';
const QUERY_TIMEOUT_MS = 250;
let queryId = 0;

/** The address, or why there is none; asks again until the deadline, for half of a dial's time. */
async function addressOf(
  name: string,
  deadlineMs: number,
): Promise<{ readonly address: string } | { readonly why: string }> {
  const deadline = performance.now() + deadlineMs / 2;
  do {
    const answer = await query(name);
    if (answer !== null) return answer;
  } while (performance.now() < deadline);
  return { why: 'no answer by DNS' };
}

function query(name: string): Promise<{ readonly address: string } | { readonly why: string } | null> {
  queryId = (queryId + 1) % 65_536;
  const mine = queryId;
  const packet = encode({ type: 'query', id: mine, flags: RECURSION_DESIRED, questions: [{ type: 'A', name }] });
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (answer: { readonly address: string } | { readonly why: string } | null): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(null), QUERY_TIMEOUT_MS);
    socket.once('error', () => finish({ why: 'DNS is refused' }));
    socket.on('message', (bytes) => {
      const reply = decode(bytes);
      if (reply.id !== mine) return;
      const record = reply.answers?.find(({ type }) => type === 'A');
      if (record?.type === 'A') finish({ address: record.data });
      else finish({ why: (reply.flags ?? 0) & 0x0f ? 'no such name' : 'a name without an address' });
    });
    socket.connect(53, RESOLVER, () => socket.send(packet));
  });
}

// New connections.

/** A name's earlier addresses: a client may keep using an address that DNS no longer returns for the name. */
const remembered = new Map<string, string>();

async function dial({ name, port }: { name: string; port: number }, deadlineMs: number): Promise<Dialled> {
  const found = await addressOf(name, deadlineMs);
  const address = 'address' in found ? found.address : remembered.get(name);
  if (address === undefined) return { kind: 'unanswered', why: 'why' in found ? found.why : '', address: null };
  remembered.set(name, address);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: address, port, allowHalfOpen: true });
    const finish = (dialled: Dialled): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(dialled);
    };
    const timer = setTimeout(() => finish({ kind: 'unanswered', why: 'no answer in time', address }), deadlineMs);
    socket.setEncoding('utf8');
    socket.once('error', (error: NodeJS.ErrnoException) =>
      finish({ kind: 'unanswered', why: error.code ?? error.message, address }),
    );
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('end', () => {
      const by = /^([a-z0-9-]+)\n$/.exec(text)?.[1];
      finish(
        by === undefined
          ? { kind: 'unanswered', why: `ended with ${JSON.stringify(text)}`, address }
          : { kind: 'answered', by, address },
      );
    });
    // The half-close ends the flow at both agents by the time that the answer's own end arrives.
    socket.end('who\n');
  });
}

// Connections that stay open.

const held = new Map<string, Socket>();

async function hold(key: string, name: string, port: number, deadlineMs: number): Promise<boolean> {
  const found = await addressOf(name, deadlineMs);
  if (!('address' in found)) return false;
  return new Promise((resolve) => {
    const socket = connect({ host: found.address, port, noDelay: true });
    const finish = (holds: boolean): void => {
      clearTimeout(timer);
      if (!holds) socket.destroy();
      resolve(holds);
    };
    const timer = setTimeout(() => finish(false), deadlineMs);
    socket.setEncoding('utf8');
    socket.on('error', () => finish(false));
    socket.on('close', () => {
      if (held.get(key) === socket) held.delete(key);
      finish(false);
    });
    socket.once('data', () => {
      held.set(key, socket);
      finish(true);
    });
    socket.write('hold\n');
  });
}

let pings = 0;

/** Whether bytes still pass in both directions. */
function ping(key: string, deadlineMs: number): Promise<'echoes' | 'silent' | 'ended'> {
  const socket = held.get(key);
  if (socket === undefined || socket.destroyed) return Promise.resolve('ended');
  return new Promise((resolve) => {
    const finish = (state: 'echoes' | 'silent' | 'ended'): void => {
      clearTimeout(timer);
      socket.off('data', heard);
      socket.off('close', closed);
      resolve(state);
    };
    pings += 1;
    const mine = `ping ${pings}\n`;
    let text = '';
    const heard = (chunk: string): void => {
      text += chunk;
      if (text.includes(mine)) finish('echoes');
    };
    const closed = (): void => finish('ended');
    const timer = setTimeout(() => finish('silent'), deadlineMs);
    socket.on('data', heard);
    socket.on('close', closed);
    socket.write(mine);
  });
}

// Connections that use up a sandbox's limit.

const CROWD_MS = 1_000;
const crowd = new Set<Socket>();

/** Opens this many at once, and reports how many of them are allowed. */
async function gather(name: string, port: number, count: number): Promise<number> {
  const found = await addressOf(name, CROWD_MS);
  if (!('address' in found)) return 0;
  const opened = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<boolean>((resolve) => {
          const socket = connect({ host: found.address, port });
          crowd.add(socket);
          socket.on('error', () => resolve(false));
          socket.on('close', () => {
            crowd.delete(socket);
            resolve(false);
          });
          socket.once('data', () => resolve(true));
          socket.write('hold\n');
        }),
    ),
  );
  return opened.filter(Boolean).length;
}

async function run(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'dial':
      return Promise.all(command.dials.map((one) => dial(one, command.deadlineMs)));
    case 'hold':
      return hold(command.key, command.name, command.port, command.deadlineMs);
    case 'ping':
      return Promise.all(command.keys.map((key) => ping(key, command.deadlineMs)));
    case 'crowd':
      return gather(command.name, command.port, command.count);
    case 'disperse':
      for (const socket of crowd) socket.destroy();
      return true;
    case 'listen':
      await listen(command.where);
      return true;
  }
}

await listen('all');
process.stdout.write(`${JSON.stringify('listening')}\n`);
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { sequence, command } = JSON.parse(line) as { sequence: number; command: Command };
  run(command).then(
    (answer) => process.stdout.write(`${JSON.stringify({ sequence, answer })}\n`),
    (error: unknown) => process.stdout.write(`${JSON.stringify({ sequence, error: String(error) })}\n`),
  );
});
lines.on('close', () => process.exit(0));
