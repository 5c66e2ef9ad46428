import { randomUUID } from 'node:crypto';
import { Faults } from './faults.js';
import type { CutCount, Statement } from './judge.js';
import { DIALLED_OF_MANY } from './many-aliases.js';
import {
  covers,
  type Expected,
  expectedOf,
  type Flow,
  type Model,
  NOTHING,
  namedBy,
  nameOf,
  textOf,
  type Write,
  written,
} from './model.js';
import { type Answer, Operator, type Written } from './operator.js';
import { ALIASES, FILLED_PORT, OUTSIDE_PORT, outsideNames, PUBLISHED, SANDBOXES } from './places.js';
import { ProvenDenials } from './proven-denials.js';
import type { Rig } from './rig.js';
import { UnseenEnds } from './unseen-ends.js';

/** A statement, and how to ask for it again. */
export interface Asked {
  readonly statement: Statement;
  readonly again: () => Promise<Answer<Statement>>;
  /** The statement covers every agent that takes part. */
  readonly isOfAll: boolean;
}

/** What an action did, and what was stated about it. */
export interface Outcome {
  readonly text: string;
  readonly asked: readonly Asked[];
  /** The network that it concerned; null: none. */
  readonly network: string | null;
  /** Dialled in any case. */
  readonly flows: readonly Flow[];
  /** The basis for counting ended connections. */
  readonly cut: Pick<CutCount, 'words' | 'claimed'> | null;
}

export function told(text: string, network: string | null = null): Outcome {
  return { text, asked: [], network, flows: [], cut: null };
}

/** How a write is made. */
export interface Manner {
  readonly waits: boolean;
  readonly waitSeconds: number;
  /** By the command itself, if this write has a form of it. */
  readonly byCommand: boolean;
}

/** Connections that were opened before: those not ended, and of these the ones that carry bytes. */
export interface HeldConnections {
  readonly open: readonly Flow[];
  readonly echoing: readonly Flow[];
}

interface PendingWrite {
  readonly write: Write;
  readonly key: string;
  readonly before: Model;
}

const HOLD_MS = 1_000;
const PING_MS = 300;

/** The stack under test and everything known about it. */
export class World {
  readonly faults = new Faults(() => performance.now());
  readonly proven = new ProvenDenials();
  /** Copies of the database, with the writes at the time of the copy. */
  readonly copies = new Map<string, Model>();
  /**
   * Networks whose last version was stated to be followed by all: its cuts were counted with it, not with a later one.
   */
  readonly followed = new Set<string>();
  /** Networks that were written to since the last copy of the running database. */
  readonly changedSince = new Set<string>();
  /** Connections whose end an agent may not have seen, and which a write may cut. */
  readonly unseenEnds = new UnseenEnds(() => performance.now());
  /** The store was restored, and no operator has decided since. */
  isPutBack = false;
  private models: readonly Model[] = [NOTHING];
  private pending: PendingWrite | null = null;
  private readonly held = new Map<string, Flow>();

  /** `aliases`: networks with attached sandboxes are filled up to so many. */
  constructor(
    readonly rig: Rig,
    readonly aliases = 0,
  ) {}

  get operator(): Operator {
    return new Operator(this.rig.stack);
  }

  /** What the operator has written. */
  get model(): Model {
    return this.models[0] ?? NOTHING;
  }

  /** Whether every write has been answered, and has taken effect. */
  get isCertain(): boolean {
    return this.models.length === 1;
  }

  get networks(): readonly string[] {
    return Object.keys(this.model.networks).toSorted();
  }

  expected(flow: Flow): Expected {
    return expectedOf(this.models, flow);
  }

  obstacle(flow: Flow): string | null {
    return this.faults.obstacle(flow, this.expected(flow).target);
  }

  /** Everything that can be tried in a network. */
  flows(network: string): readonly Flow[] {
    const filled = this.aliases === 0 ? [] : DIALLED_OF_MANY;
    return SANDBOXES.flatMap((source) => [
      ...ALIASES.flatMap((alias) => PUBLISHED.map(({ published }) => ({ network, source, alias, port: published }))),
      ...filled.map((alias) => ({ network, source, alias, port: FILLED_PORT })),
      ...outsideNames(network).map((alias) => ({ network, source, alias, port: OUTSIDE_PORT })),
    ]);
  }

  // Writes.

  async write(write: Write, manner: Manner): Promise<Outcome> {
    const key = randomUUID();
    const before = this.model;
    const wasFollowed = write.kind !== 'label' && this.followed.has(write.network);
    if (manner.byCommand && manner.waits && write.kind === 'add-rule') {
      return this.writeByCommand(write, { write, key, before }, Math.max(manner.waitSeconds, 1), wasFollowed);
    }
    const answer = await this.operator.write(write, key);
    this.take(answer, { write, key, before });
    const network = write.kind === 'label' ? null : write.network;
    const text = `${describe(write)}${manner.waits ? ' --wait' : ''}: ${resultOf(answer)}`;
    if (answer.kind !== 'done' || network === null || answer.value.version === null || !manner.waits) {
      return { ...told(text, network), flows: flowsOf(write) };
    }
    const { version, claim } = answer.value;
    const applied = await this.operator.applied(network, version, claim, manner.waitSeconds);
    if (applied.kind !== 'done') {
      return { ...told(`${text}; ${resultOf(applied)}`, network), flows: flowsOf(write) };
    }
    const { value } = applied;
    return {
      text: `${text}; ${value.words}`,
      network,
      asked: [
        {
          statement: value,
          again: () => this.operator.applied(network, version, claim, 0),
          isOfAll: value.exitCode === 0,
        },
      ],
      flows: flowsOf(write),
      cut: value.exitCode === 0 && wasFollowed ? { words: value.words, claimed: value.flowsCut } : null,
    };
  }

  /**
   * Asks again about an unanswered write, and checks whether labels have arrived. Returns what is wrong if the same
   * write is first refused as not written, and then answered as carried out; null otherwise.
   */
  async settleWrites(): Promise<string | null> {
    const { pending } = this;
    if (this.faults.disturbs('control-plane') || this.faults.disturbs('postgres')) return null;
    if (pending === null) {
      if (!this.isCertain && (await this.labelsArrived())) this.models = [this.model];
      return null;
    }
    const answer = await this.operator.write(pending.write, pending.key);
    this.take(answer, pending);
    if (answer.kind !== 'refused') return null;
    const again = await this.operator.write(pending.write, pending.key);
    this.take(again, pending);
    return again.kind === 'done'
      ? `${describe(pending.write)}, repeated, was refused (${answer.words}), and it is carried out`
      : null;
  }

  /** The store is now another one: with the writes at the time of its copy. */
  putBack(model: Model): void {
    this.models = [model];
    this.pending = null;
    this.followed.clear();
    this.isPutBack = true;
  }

  /** An operator has accepted what the store says. */
  epochStarted(): void {
    for (const model of this.models) this.proven.accepted(model);
    this.isPutBack = false;
  }

  private async writeByCommand(
    write: Extract<Write, { readonly kind: 'add-rule' }>,
    pending: PendingWrite,
    waitSeconds: number,
    wasFollowed: boolean,
  ): Promise<Outcome> {
    const { exitCode, output } = await this.operator.ruleByCommand(write, pending.key, waitSeconds);
    // The outcome of the write is requested with its own key; statements about it are in the command's words.
    const answer = await this.operator.write(write, pending.key);
    this.take(answer, pending);
    const said = /^(applied by|already so) .*$/m.exec(output)?.[0] ?? output.trim().split('\n').at(-1) ?? '';
    const text = `gstacks: ${describe(write)} --wait: exit ${exitCode}: ${said}`;
    if (answer.kind !== 'done' || answer.value.version === null || exitCode !== 0) {
      return { ...told(text, write.network), flows: flowsOf(write) };
    }
    const { version, claim } = answer.value;
    const statement: Statement = {
      kind: 'applied',
      words: `gstacks policy ${write.rule.effect} --wait: ${said}`,
      network: write.network,
      followedBy: ['host-a', 'host-b'],
    };
    const claimed = Number(/(\d+) open connections? cut/.exec(said)?.[1] ?? 0);
    return {
      text,
      network: write.network,
      asked: [{ statement, again: () => this.operator.applied(write.network, version, claim, 0), isOfAll: true }],
      flows: flowsOf(write),
      cut: wasFollowed ? { words: statement.words, claimed } : null,
    };
  }

  private take(answer: Answer<Written>, pending: PendingWrite): void {
    const { before, write } = pending;
    if (answer.kind === 'unknown') {
      this.pending = pending;
      this.models = [before, written(before, write)];
      return;
    }
    this.pending = null;
    if (answer.kind !== 'done') {
      this.models = [before];
      return;
    }
    const after = written(before, answer.value.write);
    this.models = write.kind === 'label' ? [after, before] : [after];
    if (write.kind === 'label') {
      this.followed.clear();
    } else {
      this.followed.delete(write.network);
      this.changedSince.add(write.network);
    }
    this.proven.granted(before, after, (flow) => names(write, flow));
  }

  private async labelsArrived(): Promise<boolean> {
    for (const network of this.networks) {
      const answer = await this.operator.labelsIn(network);
      if (answer.kind !== 'done') return false;
      for (const sandbox of this.model.networks[network]?.attached ?? []) {
        const [there, meant] = [answer.value.get(sandbox) ?? {}, this.model.labels[sandbox] ?? {}];
        const keys = new Set([...Object.keys(there), ...Object.keys(meant)]);
        if ([...keys].some((key) => there[key] !== meant[key])) return false;
      }
    }
    return true;
  }

  // Connections that stay open.

  heldFlows(): readonly Flow[] {
    return [...this.held.values()];
  }

  /** Opens one more; false if the other end does not answer. */
  async hold(flow: Flow): Promise<boolean> {
    const key = textOf(flow);
    const holds = await this.rig.resident(flow.source).hold(key, nameOf(flow), flow.port, HOLD_MS);
    if (holds) this.held.set(key, flow);
    else this.unseenEnds.add(flow.network);
    return holds;
  }

  /** Which of them are open, and which of these carry bytes; ended ones are forgotten. */
  async ping(): Promise<HeldConnections> {
    const pinged = await Promise.all(
      [...Map.groupBy(this.held.values(), ({ source }) => source)].map(async ([source, flows]) => {
        const states = await this.rig.resident(source).ping(flows.map(textOf), PING_MS);
        return flows.map((flow, at) => ({ flow, state: states[at] ?? 'ended' }));
      }),
    );
    const all = pinged.flat();
    for (const { flow, state } of all) {
      if (state !== 'ended') continue;
      this.held.delete(textOf(flow));
      if (!this.faults.isCalm) this.unseenEnds.add(flow.network);
    }
    return {
      open: all.filter(({ state }) => state !== 'ended').map(({ flow }) => flow),
      echoing: all.filter(({ state }) => state === 'echoes').map(({ flow }) => flow),
    };
  }

  /** Without the residents there are none. */
  forgetHeld(): void {
    this.held.clear();
  }
}

/** The flows that a rule is about, whoever it matches. */
function flowsOf(write: Write): readonly Flow[] {
  if (write.kind !== 'add-rule') return [];
  const { network, rule } = write;
  return namedBy(rule, network).flatMap((alias) =>
    SANDBOXES.map((source) => ({ network, source, alias, port: rule.port })),
  );
}

/** Whether a write allows this flow by name. */
function names(write: Write, { network, alias, port }: Flow): boolean {
  if (write.kind !== 'add-rule' || write.rule.effect !== 'allow') return false;
  return write.network === network && covers(write.rule.to, alias) && write.rule.port === port;
}

function resultOf(answer: Answer<Written> | Answer<Statement>): string {
  if (answer.kind !== 'done') return `${answer.kind}: ${answer.words}`;
  const { value } = answer;
  if ('words' in value) return value.words;
  return value.version === null
    ? 'written'
    : `${value.claim === null ? '' : `${value.claim}, at `}version ${value.version}`;
}

function describe(write: Write): string {
  switch (write.kind) {
    case 'create':
    case 'delete':
      return `${write.kind} ${write.network}`;
    case 'attach':
      return `attach ${write.network} ${write.sandbox}${write.publishes === null ? '' : ` as ${write.publishes.alias}`}`;
    case 'detach':
      return `detach ${write.network} ${write.sandbox}`;
    case 'publish':
      return `alias add ${write.network} ${write.sandbox} ${write.alias} ${write.ports.join(',')}`;
    case 'fill':
      return `apply ${write.network} with ${write.aliases.length} aliases`;
    case 'unpublish':
      return `alias remove ${write.network} ${write.alias}`;
    case 'add-rule':
      return `policy ${write.rule.effect} ${write.network} ${write.rule.from} -> ${write.rule.to}:${write.rule.port}`;
    case 'remove-rule':
      return `policy remove ${write.network} ${write.id}`;
    case 'label':
      return `label ${write.sandbox} ${write.key}${write.value === null ? '-' : `=${write.value}`}`;
  }
}
