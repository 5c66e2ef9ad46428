import type { DockerEngine } from './engine.js';
import { EngineRefusedError, EngineUnavailableError } from './errors.js';
import { bodyOf } from './http-exchange.js';

/** Time for importing an image, also on a slow disk. */
const TIMEOUT_MS = 120_000;

/** Whether the Engine has the image, by `name:tag`. */
export async function hasImage(engine: DockerEngine, image: string): Promise<boolean> {
  try {
    await engine.json('GET', `/images/${encodeURIComponent(image)}/json`);
    return true;
  } catch (error) {
    if (error instanceof EngineRefusedError && error.status === 404) return false;
    throw error;
  }
}

/** Makes an image from a tar archive of its root file system. Errors: those of the Engine. */
export async function importImage(
  engine: DockerEngine,
  image: { readonly name: string; readonly tag: string },
  archive: NodeJS.ReadableStream,
): Promise<void> {
  const response = await engine.open({
    method: 'POST',
    path: `/images/create?fromSrc=-&repo=${encodeURIComponent(image.name)}&tag=${encodeURIComponent(image.tag)}`,
    stream: archive,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  // The Engine reports progress as JSON lines with status 200; an error is the last line.
  const failed = /"error":"([^"]*)"/.exec(await bodyOf(engine.socketPath, response));
  if (failed !== null) {
    throw new EngineUnavailableError('DOCKER_IMPORT_FAILED', `the Docker Engine refused the image: ${failed[1]}`);
  }
}
