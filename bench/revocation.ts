import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AppliedDto } from '#libs/contracts/http/status.js';
import { endsOf } from '#test/support/open-connection.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { type BenchRow, median, quantile } from './report.js';
import type { Asked, Told } from './revocation/clients.js';

const ROUNDS = 15;
/** Of the other commands, which have no budget. */
const ROUNDS_OF_OTHERS = 5;
const FLOWS = [1, 100, 1_000] as const;
const MOST_FLOWS = 1_000;
const NETWORK = '/v1/networks/dev';
const RULES = `${NETWORK}/rules`;
/** The sample sandbox has nothing at this port. */
const PORT = 9_100;
const DENY = { effect: 'deny', from: 'sandbox:sbx-web', to: 'api', port: PORT };

/** A version that takes access away, and what gives it back. */
interface Cut {
  readonly version: number;
  readonly undo: () => Promise<void>;
}

/** What takes access away, by the command's name. */
const WAYS = {
  'policy deny': async (stack: RunningStack): Promise<Cut> => {
    const { version, result } = await call(stack, 'POST', RULES, DENY);
    const { id } = result as { readonly id: string };
    return { version: Number(version), undo: () => written(stack, 'DELETE', `${RULES}/${id}`) };
  },
  'network quarantine': async (stack: RunningStack): Promise<Cut> => {
    const { version } = await call(stack, 'POST', `${NETWORK}/quarantine`, { reason: 'bench' });
    return { version: Number(version), undo: () => written(stack, 'DELETE', `${NETWORK}/quarantine`) };
  },
  'network delete --detach-all': async (stack: RunningStack): Promise<Cut> => {
    const { version } = await call(stack, 'DELETE', `${NETWORK}?detachAll=true`);
    return { version: Number(version), undo: () => setUp(stack) };
  },
};

/** Milliseconds from the call of the command with `--wait`. */
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
 * between sandboxes of both, until that is proven, and until a new connection is refused. With 1,000 also how long the
 * proof of other commands takes that cut them.
 */
export default async function benchRevocation(): Promise<readonly BenchRow[]> {
  const stack = await startStack({ sandboxes: 'static', mesh: 'direct', env: { GLOBALSTACKS_LOG_LEVEL: 'warn' } });
  const clients = fork(fileURLToPath(new URL('./revocation/clients.js', import.meta.url)));
  try {
    const { address } = (await stack.json(['sandbox', 'show', 'sbx-api'])) as { readonly address: string };
    clients.send({ kind: 'listen', host: address, port: PORT } satisfies Asked);
    await told(clients, 'listening');
    await setUp(stack);
    const rows: BenchRow[] = [];
    for (const flows of FLOWS) rows.push(...rowsOf(flows, await rounds(stack, clients, 'policy deny', flows, ROUNDS)));
    for (const way of ['network quarantine', 'network delete --detach-all'] as const) {
      const revoked = await rounds(stack, clients, way, MOST_FLOWS, ROUNDS_OF_OTHERS);
      rows.push(rowOf(`${way}, proven`, MOST_FLOWS, revoked, ({ proven }) => proven));
    }
    return rows;
  } finally {
    clients.disconnect();
    await stack.remove();
  }
}

async function setUp(stack: RunningStack): Promise<void> {
  await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': `api:${PORT}` });
  await allow(stack, 'dev', 'web', 'api', PORT);
}

/** The first of them is not counted. */
async function rounds(
  stack: RunningStack,
  clients: ChildProcess,
  way: keyof typeof WAYS,
  flows: number,
  count: number,
): Promise<readonly Revoked[]> {
  const revoked: Revoked[] = [];
  while (revoked.length <= count) revoked.push(await revoke(stack, clients, way, flows));
  return revoked.slice(1);
}

async function revoke(
  stack: RunningStack,
  clients: ChildProcess,
  way: keyof typeof WAYS,
  flows: number,
): Promise<Revoked> {
  const ends = await endsOf(stack, { from: 'sbx-web', network: 'dev', alias: 'api', port: PORT });
  clients.send({ kind: 'open', count: flows, ends } satisfies Asked);
  await told(clients, 'open');
  const ended = told(clients, 'ended');
  const began = performance.timeOrigin + performance.now();
  const { version, undo } = await WAYS[way](stack);
  clients.send({ kind: 'try' } satisfies Asked);
  const refused = told(clients, 'refused');
  const { elapsedMs, flowsCut } = await applied(stack, version);
  const proven = performance.timeOrigin + performance.now() - began;
  // The connection that is tried may open before the agents get the denial, which then cuts it as well.
  const isExpected = flowsCut === flows || flowsCut === flows + 1;
  if (!isExpected) throw new Error(`version ${version} cut ${flowsCut} flows, not ${flows}`);
  const revoked = { proven, acknowledged: elapsedMs, ended: (await ended) - began, refused: (await refused) - began };
  clients.send({ kind: 'check' } satisfies Asked);
  await told(clients, 'checked');
  await undo();
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

function rowsOf(flows: number, revoked: readonly Revoked[]): readonly BenchRow[] {
  const proven = revoked.map((each) => each.proven);
  const isMet = median(proven) <= 20 && quantile(proven, 0.99) <= 50;
  const first = rowOf('proven', flows, revoked, (each) => each.proven);
  return [
    flows === MOST_FLOWS ? { ...first, budget: 'p50 20 ms, p99 50 ms', met: isMet } : first,
    rowOf('acknowledged since it was written', flows, revoked, (each) => each.acknowledged),
    rowOf('cut', flows, revoked, (each) => each.ended),
    rowOf('a new connection refused', flows, revoked, (each) => each.refused),
  ];
}

function rowOf(what: string, flows: number, revoked: readonly Revoked[], of: (each: Revoked) => number): BenchRow {
  const values = revoked.map(of);
  return {
    work: `revocation: ${what}, ${flows.toLocaleString('en')} open flows`,
    budget: '-',
    measured: `p50 ${median(values).toFixed(1)} ms, p99 ${quantile(values, 0.99).toFixed(1)} ms`,
    peer: '-',
  };
}

async function written(stack: RunningStack, method: string, path: string): Promise<void> {
  await applied(stack, Number((await call(stack, method, path)).version));
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
