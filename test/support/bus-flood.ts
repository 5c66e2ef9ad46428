import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BusCredentials } from '#libs/bus/bus.js';

/** What a hostile member sends, as fast as it can. */
export interface Flood {
  readonly url: string;
  readonly credentials: BusCredentials;
  readonly inboxPrefix: string;
  readonly subject: string;
  /** JSON; `NETWORK` in it is replaced by another id in each message. */
  readonly message: string;
  readonly seconds: number;
}

export interface Flooded {
  readonly sent: number;
  /** The bus closed the connection before the time was up. */
  readonly wasCut: boolean;
}

/** Starts a process that publishes as fast as it can, until the time is up or the bus server closes its connection. */
export async function floodBus(flood: Flood): Promise<Flooded> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./bus-flood-process.js', import.meta.url)));
  child.send(flood);
  const [flooded] = (await once(child, 'message')) as [Flooded];
  await once(child, 'exit');
  return flooded;
}
