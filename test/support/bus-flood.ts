import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BusCredentials } from '#libs/bus/bus.js';

/** What a hostile member sends, as fast as its processor allows. */
export interface Flood {
  readonly url: string;
  readonly credentials: BusCredentials;
  readonly inboxPrefix: string;
  readonly subject: string;
  /** JSON; each `NETWORK` in it is another id in each message. */
  readonly message: string;
  readonly seconds: number;
}

export interface Flooded {
  readonly sent: number;
  /** The bus closed the connection before the time was over. */
  readonly wasCut: boolean;
}

/** Floods the bus from a process of its own, until the time is over or the bus closes the connection. */
export async function floodBus(flood: Flood): Promise<Flooded> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./bus-flood-process.js', import.meta.url)));
  child.send(flood);
  const [flooded] = (await once(child, 'message')) as [Flooded];
  await once(child, 'exit');
  return flooded;
}
