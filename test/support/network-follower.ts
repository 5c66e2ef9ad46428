import { get, type IncomingMessage } from 'node:http';

/** The state of a network as a reader of the stream of events knows it. */
interface Known {
  /** The version of the last change that it got. */
  readonly version: number;
  /** The last state that it got: `SYNCED at 7`. */
  readonly state: string | null;
}

/** A message, reduced to what a follower keeps. */
interface Told {
  readonly name: string;
  readonly network: string;
  readonly version: number;
  readonly status: string | undefined;
}

/** All followers get the same messages, so each message is parsed once for all of them. */
const read = new Map<string, Told>();
const MOST_READ = 1_000;

function toldBy(message: string): Told {
  const known = read.get(message);
  if (known !== undefined) return known;
  const name = /^event: (.*)$/m.exec(message)?.[1] ?? '';
  const data = JSON.parse(/^data: (.*)$/m.exec(message)?.[1] ?? '{}') as Omit<Told, 'name'>;
  const told = { name, network: data.network, version: data.version, status: data.status };
  if (read.size >= MOST_READ) read.clear();
  read.set(message, told);
  return told;
}

/** Reads the stream of events over a real connection, and keeps only its knowledge of each network. */
export class NetworkFollower {
  private readonly known = new Map<string, Known>();
  private rest = '';
  /** Changes that it missed, or got twice or out of order. */
  readonly gaps: string[] = [];
  told = 0;
  isEnded = false;

  private constructor(private readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      const messages = (this.rest + text).split('\n\n');
      this.rest = messages.pop() ?? '';
      for (const message of messages) if (message.startsWith('event: ')) this.take(toldBy(message));
    });
    for (const end of ['end', 'error', 'close']) {
      response.on(end, () => {
        this.isEnded = true;
      });
    }
  }

  static open(url: string, token: string): Promise<NetworkFollower> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      get(`${url}/v1/events`, { headers, agent: false }, (response) => {
        if (response.statusCode === 200) resolve(new NetworkFollower(response));
        else reject(new Error(`the stream of events is refused: ${response.statusCode}`));
      }).once('error', reject);
    });
  }

  /** The state from which it continues. */
  begin(network: string, version: number): void {
    this.known.set(network, { version, state: null });
  }

  /** `7, SYNCED at 7`: a network as this reader knows it. */
  says(network: string): string {
    const known = this.known.get(network);
    return known === undefined ? 'nothing' : `${known.version}, ${known.state ?? 'no state'}`;
  }

  close(): void {
    this.response.destroy();
  }

  private take({ name, network, version, status }: Told): void {
    this.told += 1;
    if (name === 'resync') this.gaps.push('resync');
    if (name !== 'network' && name !== 'network-state') return;
    const before = this.known.get(network);
    if (before === undefined) return;
    if (name === 'network-state') {
      this.known.set(network, { ...before, state: `${status} at ${version}` });
      return;
    }
    if (version !== before.version + 1) this.gaps.push(`${network}: ${version} after ${before.version}`);
    this.known.set(network, { ...before, version });
  }
}
