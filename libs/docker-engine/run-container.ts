import { parseObject } from '#libs/contracts/json-fields.js';
import type { DockerEngine } from './engine.js';
import { EngineRefusedError } from './errors.js';

export interface ContainerRequest {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: { readonly [name: string]: string };
  readonly labels: { readonly [key: string]: string };
  readonly network: string;
}

/** Creates and starts a container; resolves with its id. Errors: those of the Engine. */
export async function runContainer(engine: DockerEngine, wanted: ContainerRequest): Promise<string> {
  const created = await engine.json('POST', `/containers/create?name=${encodeURIComponent(wanted.name)}`, {
    Image: wanted.image,
    Cmd: wanted.command,
    Env: Object.entries(wanted.environment).map(([name, value]) => `${name}=${value}`),
    Labels: wanted.labels,
    HostConfig: { NetworkMode: wanted.network, Init: true, RestartPolicy: { Name: 'on-failure' } },
  });
  const id = String(parseObject(created, 'container').Id);
  await engine.json('POST', `/containers/${id}/start`);
  return id;
}

/** Stops and removes a container; a missing one is no error. */
export async function removeContainer(engine: DockerEngine, name: string): Promise<void> {
  try {
    await engine.json('DELETE', `/containers/${encodeURIComponent(name)}?force=true`);
  } catch (error) {
    if (!(error instanceof EngineRefusedError && error.status === 404)) throw error;
  }
}
