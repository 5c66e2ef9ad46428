import { connect } from '#apps/cli/api/connect.js';
import { judge } from '#apps/cli/diagnostics/judge.js';
import { ApiError, UnreachableError } from '#apps/cli/errors/errors.js';
import { claimOf, proofOf, proofOfUnchanged } from '#apps/cli/wait.js';
import {
  addEgressRule,
  addRule,
  applyDeclaration,
  attachSandbox,
  createNetwork,
  deleteNetwork,
  detachSandbox,
  labelSandbox,
  listAttachments,
  listNetworks,
  publishAlias,
  removeAlias,
  removeEgressRule,
  removeRule,
  showNetwork,
  showNetworkStatus,
  testConnection,
} from '#libs/api-client/generated/index.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { Ran, RunningStack } from '#test/support/stack.js';
import type { Statement } from './judge.js';
import { type FilledAlias, type Flow, isOutside, type RuleModel, type Write } from './model.js';
import { exitOf, FILLED_PORT, HOSTS, type Host, PUBLISHED } from './places.js';

/** The outcome of a request. `unknown`: it may have been carried out. `unsent`: it was not. */
export type Answer<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: string; readonly words: string }
  | { readonly kind: 'unsent'; readonly words: string }
  | { readonly kind: 'unknown'; readonly words: string };

export interface Written {
  /** With the rule's id from the control plane. */
  readonly write: Write;
  /** null: it concerns no network. */
  readonly version: number | null;
  /** If nothing was written: the statement about that; null: it was written. */
  readonly claim: string | null;
}

type Applied = Extract<Statement, { readonly kind: 'applied' }> & {
  readonly exitCode: number;
  readonly flowsCut: number;
};
type Status = Extract<Statement, { readonly kind: 'status' }> & {
  readonly status: string;
  readonly version: number;
};

const ANSWER_SECONDS = 2;
/** A command's own time-out, half a minute. */
const COMMAND_SECONDS = 4;
/** Silent agents are waited for three seconds. */
const TEST_SECONDS = 5;

/** The operator of the stack: writes, and reads the state, through the API and with the command line's options. */
export class Operator {
  constructor(private readonly stack: RunningStack) {}

  /** One write with this key; a repeat with the same key is carried out once. */
  write(write: Write, key: string): Promise<Answer<Written>> {
    return answered(() => this.send(write, key));
  }

  /** The answer of `--wait` for a new version, or for one that existed before. */
  applied(network: string, version: number, claim: string | null, waitSeconds: number): Promise<Answer<Applied>> {
    return answered(async () => {
      const connection = this.connection(ANSWER_SECONDS);
      const ask = claim === null ? connection.applied : connection.held;
      const applied = await ask(network, version, waitSeconds);
      const { lines, exitCode } = claim === null ? proofOf(applied) : proofOfUnchanged(claim, applied);
      return {
        kind: 'applied',
        words: `--wait for version ${version} of ${network}: ${lines.join('; ')}`,
        network,
        exitCode,
        flowsCut: applied.flowsCut,
        followedBy: followers(applied.agents),
      };
    });
  }

  /** The answer of `network status`. */
  status(network: string): Promise<Answer<Status>> {
    return answered(async () => {
      const { client } = this.connection(ANSWER_SECONDS);
      const { status, version, agents } = await showNetworkStatus({ client, path: { network } });
      const rows = agents.map(
        ({ agentId, status: its, appliedVersion, reason }) =>
          `${agentId} ${its} at ${appliedVersion}${reason === null ? '' : ` (${reason})`}`,
      );
      return {
        kind: 'status',
        words: `network status ${network}: ${status}, version ${version}; ${rows.join('; ')}`,
        network,
        status,
        version,
        followedBy: followers(agents),
      };
    });
  }

  /** The answer of `network list`. */
  listed(network: string): Promise<Answer<Status>> {
    return answered(async () => {
      const { client } = this.connection(ANSWER_SECONDS);
      const { items } = await listNetworks({ client });
      const { status = 'missing', version = 0 } = items.find(({ name }) => name === network) ?? {};
      const words = `network list: ${network} ${status}, version ${version}`;
      return { kind: 'status', words, network, status, version, followedBy: status === 'SYNCED' ? HOSTS : [] };
    });
  }

  /** The output of `network status`. */
  async statusByCommand(network: string): Promise<Answer<Status>> {
    const { code, stdout, stderr } = await this.gstacks('network', 'status', network, '--verbose');
    if (code !== 0) return { kind: 'unknown', words: stderr.trim() };
    return {
      kind: 'done',
      value: {
        kind: 'status',
        words: `gstacks network status ${network}: ${stdout.trim().replaceAll(/\s*\n\s*/g, '; ')}`,
        network,
        status: /^status:\s+(\S+)/m.exec(stdout)?.[1] ?? '',
        version: Number(/^version:\s+(\d+)/m.exec(stdout)?.[1] ?? 0),
        followedBy: HOSTS.filter((host) => new RegExp(`^${host}\\s+SYNCED\\b`, 'm').test(stdout)),
      },
    };
  }

  /**
   * Accepts the store's state, like an operator who has seen the difference. The command also fails if it has started
   * the epoch and not every agent follows in time.
   */
  async newEpoch(): Promise<{ readonly isStarted: boolean; readonly output: string }> {
    const { stdout, stderr } = await this.stack.gstacks('admin', 'new-epoch', '--yes');
    return { isStarted: /^epoch \d+ started$/m.test(stdout), output: (stdout + stderr).trim() };
  }

  /** The answer of `network test`. */
  test(flow: Flow, from: string, expect: 'allow' | 'deny' | null): Promise<Answer<Statement>> {
    return answered(async () => {
      const { network, alias, port } = flow;
      const { client } = this.connection(TEST_SECONDS);
      const result = await testConnection({ client, path: { network }, body: { from, alias, port } });
      const { exitCode, summary } = judge(result, expect);
      const open = result.checks.filter(({ status }) => status === 'fail' || status === 'unknown');
      const words = [summary, ...open.map(({ code, agentId, evidence }) => `${code} of ${agentId}: ${evidence}`)];
      return testStatement(flow, expect, exitCode, words.join('; '));
    });
  }

  /** The network with this name. */
  networkFacts(network: string): Promise<
    Answer<{
      readonly id: string;
      readonly version: number;
      readonly epoch: { readonly counter: number; readonly id: string };
    }>
  > {
    return answered(async () => {
      const { client } = this.connection(ANSWER_SECONDS);
      return showNetwork({ client, path: { network } });
    });
  }

  /** The labels of sandboxes in a network's topology. */
  labelsIn(network: string): Promise<Answer<ReadonlyMap<string, { readonly [key: string]: string }>>> {
    return answered(async () => {
      const { client } = this.connection(ANSWER_SECONDS);
      const { items } = await listAttachments({ client, path: { network } });
      return new Map(items.map(({ sandboxId, labels }) => [sandboxId, labels]));
    });
  }

  /** The same by the command itself: the operator gets its output. */
  async testByCommand(flow: Flow, from: string, expect: 'allow' | 'deny' | null): Promise<Answer<Statement>> {
    const expectation = expect === null ? [] : ['--expect', expect];
    const ran = await this.gstacks(
      ...['network', 'test', flow.network, from, `${flow.alias}:${flow.port}`],
      ...expectation,
    );
    return { kind: 'done', value: testStatement(flow, expect, ran.code ?? -1, `gstacks: ${lastLine(ran)}`) };
  }

  /** `network policy` or `network egress`, `allow|deny --wait`, by the command itself. */
  async ruleByCommand(write: Extract<Write, { readonly kind: 'add-rule' }>, key: string, waitSeconds: number) {
    const { effect, from, to, port } = write.rule;
    const isEgress = isOutside(to);
    const via = exitOf(to);
    const ran = await this.gstacks(
      ...['network', isEgress ? 'egress' : 'policy', effect, write.network],
      ...['--from', from, '--to', to, '--port', String(port)],
      ...(isEgress && effect === 'allow' ? ['--private'] : []),
      ...(isEgress && effect === 'allow' && via !== null ? ['--via', via] : []),
      ...['--idempotency-key', key, `--wait=${waitSeconds}`],
    );
    return { exitCode: ran.code ?? -1, output: ran.stdout + ran.stderr };
  }

  private gstacks(...args: string[]): Promise<Ran> {
    return this.stack.gstacks(...args, '--timeout', String(COMMAND_SECONDS));
  }

  private connection(timeoutSeconds: number) {
    const { url, token } = this.stack;
    const interruption = new AbortController().signal;
    return connect(
      { url, token, tokenOrigin: '--token-file', origin: 'the truth test', name: null },
      { timeoutSeconds, interruption },
    );
  }

  private async send(write: Write, key: string): Promise<Written> {
    const { client } = this.connection(ANSWER_SECONDS);
    const headers = { 'Idempotency-Key': key };
    const of = (answer: { version: number; changed: boolean; unchangedSince: number | null }): Written => ({
      write,
      version: answer.version,
      claim: claimOf(answer),
    });
    switch (write.kind) {
      case 'create':
        return of(await createNetwork({ client, headers, body: { name: write.network } }));
      case 'delete':
        return of(
          await deleteNetwork({ client, headers, path: { network: write.network }, query: { detachAll: true } }),
        );
      case 'attach': {
        const { network, sandbox, publishes } = write;
        const published =
          publishes === null
            ? {}
            : { alias: publishes.alias, ports: publishes.ports.map(portText), inheritRules: true, replacePorts: true };
        return of(
          await attachSandbox({ client, headers, path: { network }, body: { sandboxId: sandbox, ...published } }),
        );
      }
      case 'detach':
        return of(await detachSandbox({ client, headers, path: { network: write.network, sandboxId: write.sandbox } }));
      case 'publish': {
        const { network, sandbox, alias } = write;
        const ports = write.ports.map(portText);
        return of(
          await publishAlias({
            client,
            headers,
            path: { network },
            body: { sandboxId: sandbox, alias, ports, inheritRules: true, replacePorts: true },
          }),
        );
      }
      case 'fill': {
        const body = { sandboxes: declared(write.aliases) };
        return of(await applyDeclaration({ client, headers, path: { network: write.network }, body }));
      }
      case 'unpublish':
        return of(await removeAlias({ client, headers, path: { network: write.network, alias: write.alias } }));
      case 'add-rule': {
        const { network, rule } = write;
        const added = isOutside(rule.to)
          ? await addEgressRule({ client, headers, path: { network }, body: { ...rule, ...leaving(rule) } })
          : await addRule({ client, headers, path: { network }, body: rule });
        return { ...of(added), write: { ...write, id: added.result.id } };
      }
      case 'remove-rule': {
        const path = { network: write.network, ruleId: write.id };
        return of(await (write.isOutside ? removeEgressRule : removeRule)({ client, headers, path }));
      }
      case 'label': {
        const { sandbox, key: label, value } = write;
        const body = value === null ? { remove: [label] } : { set: { [label]: value } };
        await labelSandbox({ client, headers, path: { sandboxId: sandbox }, body });
        return { write, version: null, claim: null };
      }
    }
  }
}

function declared(aliases: readonly FilledAlias[]) {
  return [...Map.groupBy(aliases, ({ sandbox }) => sandbox)].map(([sandbox, own]) => ({
    sandbox,
    aliases: own.map(({ alias }) => ({ alias, ports: [portText(FILLED_PORT)] })),
  }));
}

/** Further options of an allow: the server outside has a private address, and some names have an exit. */
function leaving({ effect, to }: RuleModel): { readonly private?: true; readonly via?: Host } {
  if (effect === 'deny') return {};
  const via = exitOf(to);
  return via === null ? { private: true } : { private: true, via };
}

function testStatement(flow: Flow, expect: 'allow' | 'deny' | null, exitCode: number, words: string): Statement {
  const claims = exitCode !== 0 ? 'nothing' : expect === 'deny' ? 'denied' : 'reachable';
  const asked = expect === null ? '' : ` with --expect ${expect}`;
  return { kind: 'test', words: `${words} (exit ${exitCode}${asked})`, flow, claims };
}

function lastLine({ stdout, stderr }: Ran): string {
  return (stdout + stderr).trim().split('\n').at(-1) ?? '';
}

function followers(agents: readonly { readonly agentId: string; readonly status: string }[]): readonly Host[] {
  return HOSTS.filter((host) => agents.some(({ agentId, status }) => agentId === host && status === 'SYNCED'));
}

function portText(port: number): string {
  const target = PUBLISHED.find(({ published }) => published === port)?.target ?? port;
  return `${port}:${target}`;
}

async function answered<T>(ask: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: 'done', value: await ask() };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const words = `${error.code}: ${error.message}`;
    if (error instanceof UnreachableError && error.code === 'UNREACHABLE') return { kind: 'unsent', words };
    const isRefusal = error instanceof ApiError && error.status < 500 && error.status !== 429;
    return isRefusal ? { kind: 'refused', code: error.code, words } : { kind: 'unknown', words };
  }
}
