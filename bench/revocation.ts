import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connectorOf } from '#test/support/open-connection.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { type BenchRow, median, quantile } from './report.js';

const ROUNDS = 15;
const FLOWS = [1, 100, 1_000] as const;
const AT_ONCE = 50;
const RULES = '/v1/networks/dev/rules';
const DENY = { effect: 'deny', from: 'sandbox:sbx-web', to: 'api', port: 8_080 };

/** Milliseconds from the call of `policy deny --wait`. */
interface Revoked {
  /** Until the last open connection had ended. */
  readonly ended: number;
  /** Until all agents had acknowledged it. */
  readonly proven: number;
  /** Until a connection that was begun when the command was answered had ended. */
  readonly refused: number;
}

/**
 * What a denial takes over the API of a whole stack of two agents: until it has cut 1, 100 and 1,000 idle connections
 * between sandboxes of both, until that is proven, and until a new connection is refused.
 */
export default async function benchRevocation(): Promise<readonly BenchRow[]> {
  const stack = await startStack({ sandboxes: 'static', mesh: 'direct', env: { GLOBALSTACKS_LOG_LEVEL: 'warn' } });
  try {
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
    await stack.json(['network', 'policy', 'allow', 'dev', '--from', 'web', '--to', 'api', '--port', '8080', '--wait']);
    const open = await connectorOf(stack, { from: 'sbx-web', network: 'dev', alias: 'api', port: 8_080 });
    const rows: BenchRow[] = [];
    for (const flows of FLOWS) {
      await revoke(stack, open, flows);
      const rounds: Revoked[] = [];
      for (let round = 0; round < ROUNDS; round += 1) rounds.push(await revoke(stack, open, flows));
      rows.push(...rowsOf(flows, rounds));
    }
    return rows;
  } finally {
    await stack.remove();
  }
}

async function revoke(stack: RunningStack, open: () => Promise<Socket>, flows: number): Promise<Revoked> {
  const sockets = await openAll(open, flows);
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const ended = Promise.all(sockets.map(closed)).then(since);
  const { version, result } = await call(stack, 'POST', RULES, DENY);
  // Reset while it connects, or right after.
  const refused = open()
    .then(closed, () => undefined)
    .then(since);
  await applied(stack, Number(version));
  const revoked = { proven: since(), ended: await ended, refused: await refused };
  const { id } = result as { readonly id: string };
  const lifted = await call(stack, 'DELETE', `${RULES}/${id}`);
  await applied(stack, Number(lifted.version));
  return revoked;
}

/** By whatever: a reset is no error here. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

/** Each has passed a byte both ways: the target is connected. */
async function openAll(open: () => Promise<Socket>, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const part = await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, async () => {
        const socket = await open();
        socket.write('GET / HTTP/1.1\r\nHost: api\r\nConnection: keep-alive\r\n\r\n');
        await once(socket, 'data');
        socket.resume();
        return socket;
      }),
    );
    sockets.push(...part);
  }
  return sockets;
}

function rowsOf(flows: number, rounds: readonly Revoked[]): readonly BenchRow[] {
  const name = flows.toLocaleString('en');
  const figure = (of: (revoked: Revoked) => number): string => {
    const values = rounds.map(of);
    return `p50 ${median(values).toFixed(1)} ms, p99 ${quantile(values, 0.99).toFixed(1)} ms`;
  };
  const proven = rounds.map((revoked) => revoked.proven);
  const isBudget = flows === FLOWS.at(-1);
  return [
    {
      work: `revocation: proven, ${name} open flows`,
      budget: isBudget ? 'p50 20 ms, p99 50 ms' : '-',
      measured: figure((revoked) => revoked.proven),
      peer: '-',
      ...(isBudget && { met: median(proven) <= 20 && quantile(proven, 0.99) <= 50 }),
    },
    {
      work: `revocation: all cut, ${name} open flows`,
      budget: '-',
      measured: figure((revoked) => revoked.ended),
      peer: '-',
    },
    {
      work: `revocation: a new connection refused, ${name} open flows`,
      budget: '-',
      measured: figure((revoked) => revoked.refused),
      peer: '-',
    },
  ];
}

async function applied(stack: RunningStack, version: number): Promise<void> {
  const { confirmed, expected } = await call(stack, 'GET', `/v1/networks/dev/applied/${version}?waitSeconds=60`);
  if (confirmed !== expected) throw new Error(`version ${version}: ${confirmed} of ${expected} agents`);
}

async function call(
  { url, token }: RunningStack,
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly [member: string]: unknown }> {
  const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
  const answer = await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
  return (await answer.json()) as { readonly [member: string]: unknown };
}
