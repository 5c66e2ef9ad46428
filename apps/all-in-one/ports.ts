import { writeWhole } from '#libs/program/write-whole.js';
import { freePortOn } from './free-ports.js';
import { type Home, readJson } from './home.js';

/** Ports of the inner processes, chosen once per home folder and kept, because agents remember them. */
export interface InnerPorts {
  readonly addressBlock: number;
  readonly postgres: number;
  readonly nats: number;
  readonly mesh: readonly [number, number];
}

/** `ofApi`: the port that the control plane will bind. */
export async function innerPorts(home: Home, ofApi: number): Promise<InnerPorts> {
  const kept = parse(readJson(home.file('ports.json')));
  if (kept !== null) return kept;
  const taken = [ofApi];
  const draw = async (): Promise<number> => {
    const port = await freePortOn('127.0.0.1', taken);
    taken.push(port);
    return port;
  };
  const [postgres, nats] = [await draw(), await draw()];
  const drawn: InnerPorts = { addressBlock: 0, postgres, nats, mesh: [await draw(), await draw()] };
  keepPorts(home, drawn);
  return drawn;
}

export function keepPorts(home: Home, ports: InnerPorts): void {
  writeWhole(home.file('ports.json'), `${JSON.stringify(ports)}\n`, 0o644);
}

function parse(value: unknown): InnerPorts | null {
  if (typeof value !== 'object' || value === null) return null;
  const { addressBlock, postgres, nats, mesh } = value as Partial<Record<keyof InnerPorts, unknown>>;
  if (!isNumber(addressBlock) || !isNumber(postgres) || !isNumber(nats) || !Array.isArray(mesh)) return null;
  const [meshA, meshB]: unknown[] = mesh;
  if (!isNumber(meshA) || !isNumber(meshB)) return null;
  return { addressBlock, postgres, nats, mesh: [meshA, meshB] };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}
