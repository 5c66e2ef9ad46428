import type { MeshApiKind } from '#apps/control-plane/foundation/mesh-settings.js';
import { query } from '#test/support/postgres.js';
import { API_TOKEN, StubControlServer } from '../mesh-keys/stub-control-server.js';
import type { ApiAnswer } from './api.js';
import { type Authorization, joinDev, type LocalKeys, newKeys, tokenFor } from './joining.js';
import { TestControlPlane } from './setup.js';

export interface JoinedNode {
  readonly id: string;
  /** Its name in the mesh. */
  readonly name: string;
  readonly tokenId: string;
  readonly as: Authorization;
  readonly keys: LocalKeys;
  readonly answer: ApiAnswer;
}

/** A control plane with the network `dev`, whose mesh has a control server that answers like a real one. */
export class MeshRig {
  private constructor(
    readonly stub: StubControlServer,
    readonly controlPlane: TestControlPlane,
  ) {}

  static async start(kind: MeshApiKind, environment: Record<string, string> = {}): Promise<MeshRig> {
    const stub = await StubControlServer.start(kind);
    const controlPlane = await TestControlPlane.start({
      GLOBALSTACKS_MESH_CONTROL_URL: `${stub.url}/`,
      GLOBALSTACKS_MESH_API_URL: stub.url,
      GLOBALSTACKS_MESH_API_TOKEN: API_TOKEN,
      ...environment,
    });
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    return new MeshRig(stub, controlPlane);
  }

  async localNode(user: string, known?: LocalKeys): Promise<JoinedNode> {
    const keys = known ?? (await newKeys());
    const { id: tokenId, as } = await tokenFor(this.controlPlane, user);
    const answer = await joinDev(this.controlPlane, keys, as, 'laptop');
    const id = String(answer.body.nodeId);
    return { id, name: `gs-local-${id}`, tokenId, as, keys, answer };
  }

  localKey(id: string, as: Authorization): Promise<ApiAnswer> {
    return this.controlPlane.call('POST', `/v1/local-nodes/${id}/mesh-keys`, undefined, { ...as });
  }

  /** A local node that has requested a key and joined the mesh with it. */
  async localNodeInMesh(user: string, known?: LocalKeys): Promise<JoinedNode> {
    const node = await this.localNode(user, known);
    this.stub.join(String((await this.localKey(node.id, node.as)).body.authKey), node.name);
    return node;
  }

  /** Names of the nodes that the control server has. */
  names(): readonly string[] {
    return this.stub.nodes.map(({ name }) => name);
  }

  rowsOf(owner: string): Promise<Record<string, unknown>[]> {
    const { databaseUrl } = this.controlPlane;
    return query(databaseUrl, 'SELECT * FROM mesh_keys WHERE owner_id = $1 ORDER BY minted_at', [owner]);
  }

  async end(): Promise<void> {
    await this.controlPlane.end();
    await this.stub.close();
  }
}
