import type { MeshTransport } from './mesh-transports.js';

/** A one-time token, as the control plane answers with it. */
interface Enrollment {
  readonly name: string;
  readonly token: string;
  readonly meshTransport: MeshTransport | null;
}

/** The line that enrols a host at the control plane at `url` when its root runs it in a shell. */
export function enrollmentLine({ name, token, meshTransport }: Enrollment, url: string): string {
  // An agent never chooses `direct` by itself: without a tsnet mesh, it has to be told.
  const mesh =
    meshTransport === 'tsnet'
      ? ''
      : ' --set GLOBALSTACKS_MESH_TRANSPORT=direct --set GLOBALSTACKS_MESH_DIRECT_LISTEN=0.0.0.0:7946';
  return `printf %s ${token} | globalstacks-agent enroll --url ${url} --name ${name} --token-file -${mesh}`;
}
