import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AppliedDto } from '#libs/contracts/http/status.js';
import { type ConnectionEnds, endsOf } from '#test/support/open-connection.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { type BenchRow, median, quantile } from './report.js';
import type { Asked, Told } from './revocation/clients.js';

const ROUNDS = 15;
const FLOWS = [1, 100, 1_000] as const;
const RULES = '/v1/networks/dev/rules';
/** The sample sandbox has nothing at this port. */
const PORT = 9_100;
const DENY = { effect: 'deny', from: 'sandbox:sbx-web', to: 'api', port: PORT };

/** Milliseconds from the call of `policy deny --wait`. */
interface Revoked {
  /** Until the connections that were opened last had ended. */
  readonly ended: number;
  /** Until all agents had acknowledged it. */
  readonly proven: number;
  /** As `proven`, but from the moment at which the version was written. */
  readonly acknowledged: number;
  /** Until a connection that was begun when the command was answered had ended. */
  readonly refused: number;
}

/**
 * What a denial takes over the API of a whole stack of two agents: until it has cut 1, 100 and 1,000 idle connections
 * between sandboxes of both, until that is proven, and until a new connection is refused.
 */
export default async function benchRevocation(): Promise<readonly BenchRow[]> {
  const stack = await startStack({ sandboxes: 'static', mesh: 'direct', env: { GLOBALSTACKS_LOG_LEVEL: 'warn' } });
  const clients = fork(fileURLToPath(new URL('./revocation/clients.js', import.meta.url)));
  try {
    const { address } = (await stack.json(['sandbox', 'show', 'sbx-api'])) as { readonly address: string };
    clients.send({ kind: 'listen', host: address, port: PORT } satisfies Asked);
    await told(clients, 'listening');
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': `api:${PORT}` });
    await allow(stack, 'dev', 'web', 'api', PORT);
    const ends = await endsOf(stack, { from: 'sbx-web', network: 'dev', alias: 'api', port: PORT });
    const rows: BenchRow[] = [];
    for (const flows of FLOWS) {
      await revoke(stack, clients, ends, flows);
      const rounds: Revoked[] = [];
      for (let round = 0; round < ROUNDS; round += 1) rounds.push(await revoke(stack, clients, ends, flows));
      rows.push(...rowsOf(flows, rounds));
    }
    return rows;
  } finally {
    clients.disconnect();
    await stack.remove();
  }
}

async function revoke(
  stack: RunningStack,
  clients: ChildProcess,
  ends: ConnectionEnds,
  flows: number,
): Promise<Revoked> {
  clients.send({ kind: 'open', count: flows, ends } satisfies Asked);
  await told(clients, 'open');
  const ended = told(clients, 'ended');
  const began = performance.timeOrigin + performance.now();
  const { version, result } = await call(stack, 'POST', RULES, DENY);
  clients.send({ kind: 'try' } satisfies Asked);
  const refused = told(clients, 'refused');
  const { elapsedMs, flowsCut } = await applied(stack, Number(version));
  const proven = performance.timeOrigin + performance.now() - began;
  // The connection that is tried may open before the agents get the denial, which then cuts it as well.
  const isExpected = flowsCut === flows || flowsCut === flows + 1;
  if (!isExpected) throw new Error(`version ${version} cut ${flowsCut} flows, not ${flows}`);
  const revoked = { proven, acknowledged: elapsedMs, ended: (await ended) - began, refused: (await refused) - began };
  clients.send({ kind: 'check' } satisfies Asked);
  await told(clients, 'checked');
  const { id } = result as { readonly id: string };
  const lifted = await call(stack, 'DELETE', `${RULES}/${id}`);
  await applied(stack, Number(lifted.version));
  return revoked;
}

/** When the clients said that this has happened. */
function told(clients: ChildProcess, kind: Told['kind']): Promise<number> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the process of the clients has ended'));
    const listen = (message: Told) => {
      if (message.kind !== kind) return;
      clients.off('message', listen).off('exit', ended);
      resolve('at' in message ? message.at : Number.NaN);
    };
    clients.on('message', listen).once('exit', ended);
  });
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
      work: `revocation: acknowledged since it was written, ${name} open flows`,
      budget: '-',
      measured: figure((revoked) => revoked.acknowledged),
      peer: '-',
    },
    {
      work: `revocation: cut, ${name} open flows`,
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

async function applied(stack: RunningStack, version: number): Promise<Pick<AppliedDto, 'elapsedMs' | 'flowsCut'>> {
  const answer = await call(stack, 'GET', `/v1/networks/dev/applied/${version}?waitSeconds=60`);
  const { confirmed, expected, elapsedMs, flowsCut } = answer;
  if (confirmed !== expected) throw new Error(`version ${version}: ${confirmed} of ${expected} agents`);
  return { elapsedMs: Number(elapsedMs), flowsCut: Number(flowsCut) };
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
