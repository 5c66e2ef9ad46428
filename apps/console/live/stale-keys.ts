/** A prefix of query keys; null matches any word. */
export type KeyPattern = readonly (string | null)[];

interface Said {
  readonly network?: unknown;
  readonly type?: unknown;
  readonly sandboxId?: unknown;
  readonly sandboxIds?: unknown;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** What an event makes out of date; null: the event is unknown to this page. */
export function staleKeys(name: string, data: unknown): readonly KeyPattern[] | null {
  const said: Said = typeof data === 'object' && data !== null ? data : {};
  const network = text(said.network);
  switch (name) {
    case 'network':
      return networkKeys(network, text(said.type) ?? '', text(said.sandboxId));
    case 'sandbox':
      return [['sandboxes'], ['sandbox', text(said.sandboxId)], ['agents']];
    case 'agent':
      return [['agents'], ['networks'], ['network', null, 'status'], ['sandboxes']];
    case 'local-node':
    case 'local-node-state':
      return [['local-nodes'], ['network', network, 'status']];
    case 'network-state':
      return [
        ...['show', 'status', 'aliases', 'applied', 'held', 'explanation'].map((what) => ['network', network, what]),
        ['networks'],
        ['agents'],
      ];
    case 'agent-state':
      return [
        ['agents'],
        ['networks'],
        ['network', null, 'status'],
        ['network', null, 'aliases'],
        ['sandboxes'],
        ['sandbox'],
      ];
    case 'sandbox-state':
      return [['sandboxes'], ...sandboxKeys(said.sandboxIds), ['network', null, 'attachments']];
    case 'resync':
      return [[]];
    case 'heartbeat':
      return [];
    default:
      return null;
  }
}

/** Rules about names outside, and refused names. */
const EGRESS = ['egress-rules', 'denied-names'];

function networkKeys(network: string | null, type: string, sandboxId: string | null): readonly KeyPattern[] {
  const whole: KeyPattern[] = [
    ['networks'],
    ...['show', 'status', 'changes', 'history', 'turns', 'explanation', 'policy-tests'].map((what) => [
      'network',
      network,
      what,
    ]),
  ];
  const rules: KeyPattern[] = [
    ['network', network, 'rules'],
    ['network', network, 'reachability'],
    ['network', network, 'verdict'],
  ];
  if (type.startsWith('PolicyRule')) return [...whole, ...rules];
  if (type.startsWith('EgressRule')) return [...whole, ...rules, ...EGRESS.map((what) => ['network', network, what])];
  const sandboxes: KeyPattern[] = [
    ['network', network, 'attachments'],
    ['network', network, 'aliases'],
    ['sandboxes'],
    ['sandbox', sandboxId],
  ];
  if (type.startsWith('Alias') || type.startsWith('Sandbox')) return [...whole, ...rules, ...sandboxes];
  return [['networks'], ['network', network], ['sandboxes'], ['sandbox'], ['agents']];
}

function sandboxKeys(ids: unknown): readonly KeyPattern[] {
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string').map((id) => ['sandbox', id]) : [['sandbox']];
}

/** Whether a query's key begins with the pattern. */
export function matches(pattern: KeyPattern, key: readonly unknown[]): boolean {
  return pattern.every((word, place) => word === null || word === key[place]);
}
