import { Client } from 'pg';
import type { NewEvent } from '#libs/event-store/event-store.js';
import { writeEvents } from './many-aliases.js';
import { ProtocolAgent } from './protocol-agent.js';
import { waitFor } from './wait.js';

/** Who makes the networks: the first admin, over HTTP. */
export interface ScaledApi {
  readonly databaseUrl: string;
  call(method: string, path: string, body?: object): Promise<{ readonly [member: string]: unknown }>;
}

export interface ScaledNetwork {
  readonly name: string;
  readonly id: string;
  /** Whose sandboxes are attached. */
  readonly agents: readonly string[];
}

const EVENTS_AT_ONCE = 2_000;

const READ_WITHIN_MS = 30_000;

export const ALIAS = 'api';

/** A network with the sandbox of each of these agents, and one alias. */
export async function makeNetwork(api: ScaledApi, name: string, agents: readonly string[]): Promise<ScaledNetwork> {
  await api.call('POST', '/v1/networks', { name });
  const id = await idOf(api.databaseUrl, name);
  const events = [...agents.map(attached), published(agents[0] ?? '')];
  for (let first = 0; first < events.length; first += EVENTS_AT_ONCE) {
    const part = events.slice(first, first + EVENTS_AT_ONCE);
    await writeEvents(api.databaseUrl, { id, version: first + 1 }, part);
    await applied(api, name, first + 1 + part.length);
  }
  return { name, id, agents };
}

/** Resolves once every agent that a version concerns has acknowledged it; with how many they are. */
export async function applied(api: ScaledApi, name: string, version: number): Promise<number> {
  const path = `/v1/networks/${name}/applied/${version}?waitSeconds=60`;
  const { confirmed, expected } = await waitFor(
    `the control plane has read version ${version} of ${name}`,
    () => api.call('GET', path).catch(() => undefined),
    READ_WITHIN_MS,
  );
  if (confirmed !== expected) throw new Error(`version ${version} of ${name}: ${confirmed} of ${expected} agents`);
  return Number(expected);
}

function attached(agentId: string): NewEvent {
  const data = { sandboxId: ProtocolAgent.sandboxOf(agentId), agentId, labels: {} };
  return { type: 'SandboxAttached', schemaVersion: 1, data };
}

function published(agentId: string): NewEvent {
  const sandboxId = ProtocolAgent.sandboxOf(agentId);
  const data = { alias: ALIAS, sandboxId, ports: [{ published: 8_080, target: 8_080 }] };
  return { type: 'AliasPublished', schemaVersion: 1, data };
}

async function idOf(databaseUrl: string, name: string): Promise<string> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ stream_id: string }>(
      "SELECT stream_id FROM events WHERE type = 'NetworkCreated' AND data->>'name' = $1",
      [name],
    );
    return String(rows[0]?.stream_id).slice('network-'.length);
  } finally {
    await client.end();
  }
}
