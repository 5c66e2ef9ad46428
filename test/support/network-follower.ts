import { get, type IncomingMessage } from 'node:http';

/** What a reader of the stream of events knows of a network. */
interface Known {
  /** Of the last change that it was told of. */
  readonly version: number;
  /** As it was last told: `SYNCED at 7`. */
  readonly state: string | null;
}

/** What a message says, as far as a follower keeps it. */
interface Told {
  readonly name: string;
  readonly network: string;
  readonly version: number;
  readonly status: string | undefined;
}

/** Every follower is told the same: each message is read once for all of them. */
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

/** Reads the stream of events over a real connection, and keeps no more than what it knows of each network. */
export class NetworkFollower {
  private readonly known = new Map<string, Known>();
  private rest = '';
  /** Changes that it was not told of, or twice, or out of order. */
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

  /** What it is to go on from. */
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
