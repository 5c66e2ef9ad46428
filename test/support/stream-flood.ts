import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http2';
import { fileURLToPath } from 'node:url';
import type { MeshCredentials } from '#libs/mesh/flow.js';

/** What a hostile peer does in one mesh session, as fast as it can. */
export interface StreamFlood {
  readonly endpoint: string;
  readonly credentials: MeshCredentials;
  readonly headers: OutgoingHttpHeaders;
  /** Whether the opener resets each stream, or keeps it open until it is answered. */
  readonly resets: boolean;
  readonly mostStreams: number;
}

export interface StreamsFlooded {
  readonly opened: number;
  /** The session was ended before all streams were opened. */
  readonly wasEnded: boolean;
}

/** Opens streams from a separate process until all are opened or the session ends. */
export async function floodStreams(flood: StreamFlood): Promise<StreamsFlooded> {
  const child = fork(fileURLToPath(new URL('./stream-flood-process.js', import.meta.url)));
  child.send(flood);
  const [flooded] = (await once(child, 'message')) as [StreamsFlooded];
  await once(child, 'exit');
  return flooded;
}
