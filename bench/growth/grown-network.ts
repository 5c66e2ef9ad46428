import type { NewEvent } from '#libs/event-store/event-store.js';
import { writeEvents } from '#test/support/many-aliases.js';
import { databaseUrl, networkIdOf } from '#test/support/record.js';
import type { RunningStack } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

const NETWORK = '/v1/networks/grown';
const AT_ONCE = 250;
const FOLLOWED_WITHIN_MS = 300_000;
const WAIT_SECONDS = 60;
/** The sandboxes that the network is filled with; `sbx-worker` is attached and detached, with its aliases. */
const PUBLISHERS = ['sbx-web', 'sbx-api'];

/** How long a command took, and the time from its call until every agent had acknowledged it. */
export interface Timed {
  readonly commandMs: number;
  readonly appliedMs: number;
}

/** A network of a stack that is made larger, and in which single elements are then changed through the API. */
export class GrownNetwork {
  private aliases = 0;
  private rules = 0;

  private constructor(
    private readonly stack: RunningStack,
    private readonly id: string,
  ) {}

  static async create(stack: RunningStack): Promise<GrownNetwork> {
    const grown = await call(stack, 'POST', '/v1/networks', { name: 'grown' });
    if (grown.version !== 1) throw new Error(`the network begins at version ${grown.version}`);
    for (const sandboxId of PUBLISHERS) await call(stack, 'POST', `${NETWORK}/attachments`, { sandboxId });
    return new GrownNetwork(stack, await networkIdOf(stack, 'grown'));
  }

  /** Fills it with this many aliases and rules, of which one each is left to be added. */
  async growTo({ aliases, rules }: { readonly aliases: number; readonly rules: number }): Promise<void> {
    const events: NewEvent[] = [];
    for (; this.aliases < aliases - 1; this.aliases += 1) events.push(published(this.aliases));
    for (; this.rules < rules - 1; this.rules += 1) events.push(ruleAdded(this.rules));
    await this.write(events);
  }

  /** Adds and removes a rule, which leaves the network as it was, until its stream has this many events. */
  async goThroughTo(count: number): Promise<void> {
    const pairs = Math.max(0, Math.ceil((count - (await this.version())) / 2));
    await this.write(Array.from({ length: pairs }, () => [ruleAdded(-1), ruleRemoved(-1)]).flat());
  }

  /** An alias is published, given another port, and removed. */
  async changeAlias(): Promise<readonly Timed[]> {
    const alias = 'changed';
    const publish = { sandboxId: 'sbx-api', alias, ports: ['9000'] };
    return [
      await this.timed('POST', '/aliases', publish),
      await this.timed('POST', '/aliases', { ...publish, ports: ['9001'], replacePorts: true }),
      await this.timed('DELETE', `/aliases/${alias}`),
    ];
  }

  /** A sandbox is attached with its alias, and detached. */
  async changeAttachment(): Promise<readonly Timed[]> {
    const attach = { sandboxId: 'sbx-worker', alias: 'changed', ports: ['9000'] };
    return [await this.timed('POST', '/attachments', attach), await this.timed('DELETE', '/attachments/sbx-worker')];
  }

  /** A rule is added, and removed. */
  async changeRule(): Promise<readonly Timed[]> {
    const rule = { effect: 'deny', from: 'local', to: aliasNamed(0), port: 8_080 };
    const path = `${NETWORK}/rules`;
    const { timed, ruleId } = await this.added(path, rule);
    return [timed, await this.timed('DELETE', `/rules/${ruleId}`)];
  }

  private async added(path: string, rule: object): Promise<{ readonly timed: Timed; readonly ruleId: string }> {
    const began = performance.now();
    const { version, result } = await call(this.stack, 'POST', path, rule);
    const commandMs = performance.now() - began;
    await this.applied(Number(version));
    const { id } = result as { readonly id: string };
    return { timed: { commandMs, appliedMs: performance.now() - began }, ruleId: id };
  }

  private async timed(method: string, path: string, body?: object): Promise<Timed> {
    const began = performance.now();
    const { version } = await call(this.stack, method, `${NETWORK}${path}`, body);
    const commandMs = performance.now() - began;
    await this.applied(Number(version));
    return { commandMs, appliedMs: performance.now() - began };
  }

  private async applied(version: number): Promise<void> {
    const path = `${NETWORK}/applied/${version}?waitSeconds=${WAIT_SECONDS}`;
    const { confirmed, expected } = await call(this.stack, 'GET', path);
    if (confirmed !== expected) throw new Error(`version ${version}: ${confirmed} of ${expected} agents`);
  }

  private async write(events: readonly NewEvent[]): Promise<void> {
    for (let first = 0; first < events.length; first += AT_ONCE) {
      const version = await this.version();
      const part = events.slice(first, first + AT_ONCE);
      await writeEvents(databaseUrl(this.stack), { id: this.id, version }, part);
      await waitFor(
        'the control plane has read them',
        async () => (await this.version()) === version + part.length,
        FOLLOWED_WITHIN_MS,
      );
    }
    await this.applied(await this.version());
  }

  private async version(): Promise<number> {
    return Number((await call(this.stack, 'GET', NETWORK)).version);
  }
}

const aliasNamed = (index: number): string => `alias-${String(index).padStart(5, '0')}`;
const ruleNamed = (index: number): string => `rule-${String(index + 1).padStart(8, '0')}`;

function published(index: number): NewEvent {
  const sandboxId = PUBLISHERS[index % PUBLISHERS.length] ?? '';
  const data = { alias: aliasNamed(index), sandboxId, ports: [{ published: 8_080, target: 8_080 }] };
  return { type: 'AliasPublished', schemaVersion: 1, data };
}

function ruleAdded(index: number): NewEvent {
  const data = {
    ruleId: ruleNamed(index),
    effect: 'allow',
    from: aliasNamed(index + 1),
    to: aliasNamed(0),
    port: 8_080,
  };
  return { type: 'PolicyRuleAdded', schemaVersion: 1, data };
}

function ruleRemoved(index: number): NewEvent {
  return { type: 'PolicyRuleRemoved', schemaVersion: 1, data: { ruleId: ruleNamed(index) } };
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
