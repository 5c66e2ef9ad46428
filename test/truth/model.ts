import { exitOf, FILLED_PORT, HOST_OF, type Host, outsideNames, type Sandbox } from './places.js';
import { isMeant } from './selectors.js';

/**
 * What the operator has written, as the truth test understands it: a separate evaluator that shares no product code.
 */
export interface Model {
  readonly networks: { readonly [name: string]: NetworkModel };
  readonly labels: { readonly [sandbox: string]: Labels };
}

type Labels = { readonly [key: string]: string };

export interface NetworkModel {
  readonly attached: readonly Sandbox[];
  readonly aliases: { readonly [alias: string]: AliasModel };
  readonly rules: { readonly [id: string]: RuleModel };
}

export interface AliasModel {
  readonly sandbox: Sandbox;
  readonly ports: readonly number[];
}

export interface RuleModel {
  readonly effect: 'allow' | 'deny';
  readonly from: string;
  /** An alias, a name outside, or a wildcard. */
  readonly to: string;
  readonly port: number;
}

/** One of many aliases that are published with one command. */
export interface FilledAlias {
  readonly alias: string;
  readonly sandbox: Sandbox;
}

/** A write that the control plane has answered with success. */
export type Write =
  | { readonly kind: 'create'; readonly network: string }
  | { readonly kind: 'delete'; readonly network: string }
  | {
      readonly kind: 'attach';
      readonly network: string;
      readonly sandbox: Sandbox;
      readonly publishes: { readonly alias: string; readonly ports: readonly number[] } | null;
    }
  | { readonly kind: 'detach'; readonly network: string; readonly sandbox: Sandbox }
  | {
      readonly kind: 'publish';
      readonly network: string;
      readonly alias: string;
      readonly sandbox: Sandbox;
      readonly ports: readonly number[];
    }
  | { readonly kind: 'unpublish'; readonly network: string; readonly alias: string }
  | { readonly kind: 'fill'; readonly network: string; readonly aliases: readonly FilledAlias[] }
  | { readonly kind: 'add-rule'; readonly network: string; readonly id: string; readonly rule: RuleModel }
  | { readonly kind: 'remove-rule'; readonly network: string; readonly id: string; readonly isOutside?: boolean }
  | { readonly kind: 'label'; readonly sandbox: Sandbox; readonly key: string; readonly value: string | null };

export const NOTHING: Model = { networks: {}, labels: {} };
const EMPTY: NetworkModel = { attached: [], aliases: {}, rules: {} };

/** One connection that a sandbox may try. */
export interface Flow {
  readonly network: string;
  readonly source: Sandbox;
  /** Or a name outside. */
  readonly alias: string;
  readonly port: number;
}

export function textOf({ network, source, alias, port }: Flow): string {
  return `${source} -> ${isOutside(alias) ? alias : `${alias}.${network}`}:${port}`;
}

export function nameOf({ network, alias }: Flow): string {
  return isOutside(alias) ? alias : `${alias}.${network}.gstacks`;
}

/** A name outside, or a wildcard: an alias contains no dot. */
export function isOutside(to: string): boolean {
  return to.includes('.');
}

/** Whether a rule's target covers this alias or name outside. */
export function covers(to: string, alias: string): boolean {
  return to === alias || (to.startsWith('*.') && alias.endsWith(to.slice(1)));
}

/** The targets of a network's rules, alias by alias and name by name. */
export function namedBy({ to }: RuleModel, network: string): readonly string[] {
  return isOutside(to) ? outsideNames(network).filter((name) => covers(to, name)) : [to];
}

/** Whether the flow's target is published, or outside. */
export function leadsSomewhere(model: Model, { network, alias, port }: Flow): boolean {
  const known = model.networks[network];
  return known !== undefined && (isOutside(alias) || known.aliases[alias]?.ports.includes(port) === true);
}

/** The model after one more write. */
export function written(model: Model, write: Write): Model {
  if (write.kind === 'label') {
    const { [write.key]: _, ...others } = model.labels[write.sandbox] ?? {};
    const labels = write.value === null ? others : { ...others, [write.key]: write.value };
    return { ...model, labels: { ...model.labels, [write.sandbox]: labels } };
  }
  const { [write.network]: before = EMPTY, ...others } = model.networks;
  if (write.kind === 'delete') return { ...model, networks: others };
  return { ...model, networks: { ...others, [write.network]: writtenIn(before, write) } };
}

function writtenIn(network: NetworkModel, write: Exclude<Write, { readonly kind: 'label' | 'delete' }>): NetworkModel {
  switch (write.kind) {
    case 'create':
      return network;
    case 'attach': {
      const attached = [...new Set([...network.attached, write.sandbox])];
      if (write.publishes === null) return { ...network, attached };
      const { alias, ports } = write.publishes;
      return { ...network, attached, aliases: { ...network.aliases, [alias]: { sandbox: write.sandbox, ports } } };
    }
    case 'detach':
      return {
        ...network,
        attached: network.attached.filter((sandbox) => sandbox !== write.sandbox),
        aliases: without(network.aliases, ({ sandbox }) => sandbox === write.sandbox),
      };
    case 'publish': {
      const { alias, sandbox, ports } = write;
      return { ...network, aliases: { ...network.aliases, [alias]: { sandbox, ports } } };
    }
    case 'fill': {
      const filled = write.aliases.map(({ alias, sandbox }) => [alias, { sandbox, ports: [FILLED_PORT] }]);
      return { ...network, aliases: { ...network.aliases, ...Object.fromEntries(filled) } };
    }
    case 'unpublish': {
      const { [write.alias]: _, ...aliases } = network.aliases;
      return { ...network, aliases };
    }
    case 'add-rule':
      return { ...network, rules: { ...network.rules, [write.id]: write.rule } };
    case 'remove-rule': {
      const { [write.id]: _, ...rules } = network.rules;
      return { ...network, rules };
    }
  }
}

function without<T>(
  record: { readonly [key: string]: T },
  leaves: (value: T) => boolean,
): { readonly [key: string]: T } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => !leaves(value)));
}

/** Whether a flow is allowed: default deny, any matching deny beats every allow. */
export function allows(model: Model, { network: name, source, alias, port }: Flow): boolean {
  const network = model.networks[name];
  if (network === undefined || !network.attached.includes(source)) return false;
  if (!leadsSomewhere(model, { network: name, source, alias, port })) return false;
  const meant = { sandbox: source, labels: model.labels[source] ?? {}, aliases: aliasesOf(network, source) };
  const matching = Object.values(network.rules).filter(
    ({ from, to, port: toPort }) => covers(to, alias) && toPort === port && isMeant(from, meant),
  );
  return matching.length > 0 && matching.every(({ effect }) => effect === 'allow');
}

/** The aliases that a sandbox publishes, in order. */
export function aliasesOf(network: NetworkModel | undefined, sandbox: Sandbox): readonly string[] {
  return Object.entries(network?.aliases ?? {})
    .filter(([, published]) => published.sandbox === sandbox)
    .map(([alias]) => alias)
    .toSorted();
}

/** What to expect from a flow while any of several models may be in force. */
export interface Expected {
  readonly verdict: 'allow' | 'deny' | 'unknown';
  /** The sandbox of the alias; null if there is none, or the models differ. */
  readonly target: Sandbox | null;
}

export function expectedOf(possible: readonly Model[], flow: Flow): Expected {
  const verdicts = new Set(possible.map((model) => allows(model, flow)));
  const targets = new Set(possible.map((model) => model.networks[flow.network]?.aliases[flow.alias]?.sandbox ?? null));
  const [target = null] = targets;
  const [isAllowed = false] = verdicts;
  return {
    verdict: verdicts.size > 1 ? 'unknown' : isAllowed ? 'allow' : 'deny',
    target: targets.size > 1 ? null : target,
  };
}

/** The hosts that decide a flow: the source's and, if the alias has a target, the target's, or the exit's. */
export function hostsOf(flow: Flow, target: Sandbox | null): readonly Host[] {
  const source = HOST_OF[flow.source];
  const other = target === null ? exitOf(flow.alias) : HOST_OF[target];
  return other === null ? [source] : [...new Set([source, other])];
}
