import { type Client } from '#libs/api-client/generated/client/index.js';
import {
  listAgents,
  listAliases,
  listEgressRules,
  listLocalNodes,
  listNetworks,
  listRules,
  listSandboxes,
  listTokens,
} from '#libs/api-client/generated/index.js';
import { connect } from '../api/connect.js';
import { loadContext, readAllContexts } from '../context/load-context.js';
import { STACK } from '../context/saved-contexts.js';
import { readEnvironment } from '../environment.js';
import type { NameKind } from './candidates.js';

/** How long the user waits after pressing the key. */
const ANSWER_WITHIN_SECONDS = 0.7;
type NameOfNetwork = Extract<NameKind, 'aliases' | 'sources' | 'destinations' | 'rules' | 'egress rules'>;
const query = { limit: 200 };

/** Names of a kind, from the control plane that commands use. Errors: those of any command. */
export async function namesOf(
  kind: NameKind,
  network: string | null,
  url: string | undefined,
  root: string,
): Promise<readonly string[]> {
  const environment = readEnvironment();
  if (kind === 'contexts') return (await readAllContexts(environment, root)).map(({ name }) => name ?? STACK);
  const interruption = new AbortController().signal;
  const context = await loadContext({ url }, environment, root);
  return ask(kind, network, connect(context, { timeoutSeconds: ANSWER_WITHIN_SECONDS, interruption }).client);
}

async function ask(
  kind: Exclude<NameKind, 'contexts'>,
  network: string | null,
  client: Client,
): Promise<readonly string[]> {
  switch (kind) {
    case 'networks':
      return (await listNetworks({ client, query })).items.map(({ name }) => name);
    case 'sandboxes':
      return ids(await listSandboxes({ client, query }));
    case 'agents':
      return ids(await listAgents({ client, query }));
    case 'tokens':
      return ids(await listTokens({ client, query }));
    case 'nodes':
      return ids(await listLocalNodes({ client, query }));
    default:
      return network === null ? [] : askNetwork(kind, network, client);
  }
}

async function askNetwork(kind: NameOfNetwork, network: string, client: Client): Promise<readonly string[]> {
  const within = { client, path: { network }, query };
  if (kind === 'rules') return ids(await listRules(within));
  if (kind === 'egress rules') return ids(await listEgressRules(within));
  const { items } = await listAliases(within);
  if (kind === 'destinations')
    return items.flatMap(({ alias, ports }) => ports.map((port) => `${alias}:${port.published}`));
  const aliases = items.map(({ alias }) => alias);
  return kind === 'sources' ? [...aliases, 'local', 'any'] : aliases;
}

const ids = ({ items }: { readonly items: readonly { readonly id: string }[] }) => items.map(({ id }) => id);
