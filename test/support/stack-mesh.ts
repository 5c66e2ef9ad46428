import { takeAddressBlock } from '#apps/all-in-one/address-block.js';
import { openHome } from '#apps/all-in-one/home.js';
import { innerPorts, keepPorts } from '#apps/all-in-one/ports.js';
import { MeshFixture } from './mesh-fixture.js';

/** Each end-to-end test of traffic runs over both. */
export const MESHES = ['direct', 'tsnet'] as const;
export type MeshKind = (typeof MESHES)[number];

const API_TOKEN = 'fixture-api-token-0123456789';
const LOOPBACK = '127.0.0.1';

/** A control server that every host of a stack can reach, and the variables with which the stack joins it. */
export interface StackFixture {
  readonly fixture: MeshFixture;
  readonly env: Readonly<Record<string, string>>;
}

/** For a stack that is started next in this home, with this port for its API. */
export async function startStackFixture(
  home: string,
  port: number,
  sandboxes: 'static' | 'netns',
): Promise<StackFixture> {
  const address = sandboxes === 'static' ? LOOPBACK : await machineAddress(home, port);
  const fixture = await MeshFixture.start(address, { FIXTURE_API_TOKEN: API_TOKEN });
  return {
    fixture,
    env: {
      GLOBALSTACKS_MESH_CONTROL_URL: fixture.controlUrl,
      GLOBALSTACKS_MESH_API_URL: fixture.controlUrl,
      GLOBALSTACKS_MESH_API_TOKEN: API_TOKEN,
    },
  };
}

/** This machine's address on the link to the hosts that the stack creates: chosen now, and saved in the home. */
async function machineAddress(folder: string, port: number): Promise<string> {
  const home = openHome(folder);
  const ports = await innerPorts(home, port);
  const block = await takeAddressBlock(ports.addressBlock);
  keepPorts(home, { ...ports, addressBlock: block.index });
  block.release();
  return block.link.machine;
}
