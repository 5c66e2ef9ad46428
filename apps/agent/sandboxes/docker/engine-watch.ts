import { rest } from '#libs/async/rest.js';
import type { DockerEngine } from '#libs/docker-engine/engine.js';
import type { EngineEvent } from '#libs/docker-engine/engine-event.js';
import { EngineUnavailableError } from '#libs/docker-engine/errors.js';

export interface EngineObserver {
  /** The Engine answers; events that happen during this call are reported after it. */
  connected(): Promise<void>;
  happened(event: EngineEvent): void;
  /** The Engine is away, or `connected` failed; both are tried again. */
  lost(error: unknown): void;
}

const RETRY_MS = 500;

/** Follows the Engine's events until the signal is aborted. */
export async function watchEngine(engine: DockerEngine, observer: EngineObserver, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const attempt = new AbortController();
    try {
      await engine.connect();
      // Requested before the first read, so that no event in between is missed.
      const events = await engine.events(AbortSignal.any([signal, attempt.signal]));
      await observer.connected();
      for await (const event of events) observer.happened(event);
      throw new EngineUnavailableError(
        'DOCKER_ENGINE_SILENT',
        `the Docker Engine at ${engine.socketPath} ended the stream of events`,
        "the agent reconnects automatically; if it does not, read dockerd's log",
      );
    } catch (error) {
      if (!signal.aborted) observer.lost(error);
    } finally {
      attempt.abort();
    }
    await rest(RETRY_MS, signal);
  }
}
