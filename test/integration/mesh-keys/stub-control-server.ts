import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MeshApiKind } from '#apps/control-plane/foundation/mesh-settings.js';

export const API_TOKEN = 'hskey-api-secretsecretsecret';
const USER = { id: '1', name: 'gs', createdAt: '2026-01-02T03:04:05Z', displayName: '', email: '', provider: '' };

interface StubKey {
  readonly id: string;
  readonly key: string;
  readonly isEphemeral: boolean;
  readonly isReusable: boolean;
  readonly tags: readonly string[];
  readonly hasUser: boolean;
  expiration: string;
  isUsed: boolean;
}

interface StubNode {
  readonly id: string;
  readonly name: string;
  /** null: it joined without a key. */
  readonly keyId: string | null;
  readonly joinedAt: string;
}

type Answer = readonly [status: number, body: unknown];

/** Handles a request itself: garbage, silence, too much data. */
export type Misbehaviour = (response: ServerResponse) => void;

/** Answers like Headscale 0.29, or like Tailscale's API, and remembers each key and node. */
export class StubControlServer {
  readonly keys: StubKey[] = [];
  readonly nodes: StubNode[] = [];
  readonly requests: string[] = [];
  misbehaviour: Misbehaviour | null = null;
  private nodeCount = 0;

  private constructor(
    private readonly server: Server,
    private readonly kind: MeshApiKind,
  ) {
    server.on('request', (request, response) => void this.handle(request, response));
  }

  static async start(kind: MeshApiKind, port = 0): Promise<StubControlServer> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new StubControlServer(server, kind);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What a node does to join with a key. */
  join(authKey: string, name: string): void {
    const key = this.keys.find((candidate) => candidate.key === authKey && !candidate.isUsed);
    if (key === undefined || Date.parse(key.expiration) <= Date.now()) throw new Error('the key is not good');
    key.isUsed = true;
    this.nodes.push({ id: this.nextNodeId(), name, keyId: key.id, joinedAt: new Date().toISOString() });
  }

  /** A node that was admitted by somebody else. */
  addForeign(name: string, keyId: string | null, joinedAt = new Date()): void {
    this.nodes.push({ id: this.nextNodeId(), name, keyId, joinedAt: joinedAt.toISOString() });
  }

  /** No request gets an answer until it is back. */
  goAway(): void {
    this.misbehaviour = (response) => response.destroy();
  }

  comeBack(): void {
    this.misbehaviour = null;
  }

  open(): readonly StubKey[] {
    return this.keys.filter(({ isUsed, expiration }) => !isUsed && Date.parse(expiration) > Date.now());
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const route = `${request.method} ${request.url}`;
    this.requests.push(route);
    if (this.misbehaviour !== null) {
      this.misbehaviour(response);
      return;
    }
    if (route.startsWith('GET /key?v=')) {
      this.showKey(request, response);
      return;
    }
    const isAuthorised = request.headers.authorization === `Bearer ${API_TOKEN}`;
    const body = text === '' ? {} : (JSON.parse(text) as Body);
    const [status, answer] = isAuthorised ? this.answer(route, body) : this.unauthorised();
    const isPlain = typeof answer === 'string';
    response.writeHead(status, { 'content-type': isPlain ? 'text/plain; charset=utf-8' : 'application/json' });
    response.end(isPlain ? answer : JSON.stringify(answer));
  }

  /** Public, as on a control server; a request that sends a secret here is a mistake. */
  private showKey(request: IncomingMessage, response: ServerResponse): void {
    const status = request.headers.authorization === undefined ? 200 : 500;
    const keys = { legacyPublicKey: `mkey:${'0'.repeat(64)}`, publicKey: `mkey:${'5a'.repeat(32)}` };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(keys));
  }

  private unauthorised(): Answer {
    return this.kind === 'headscale' ? [401, 'Unauthorized'] : [401, { message: 'API token invalid' }];
  }

  private answer(route: string, body: Body): Answer {
    return this.kind === 'headscale' ? this.headscale(route, body) : this.tailscale(route, body);
  }

  private headscale(route: string, body: Body): Answer {
    const nodeId = /\/api\/v1\/node\/([^/]+)/.exec(route)?.[1];
    if (route === 'GET /api/v1/user') return [200, { users: [USER] }];
    if (route === 'POST /api/v1/preauthkey') return this.headscaleMint(body);
    if (route === 'GET /api/v1/preauthkey') {
      return [200, { preAuthKeys: this.keys.map((key) => ({ ...headscaleKey(key), key: 'hskey-auth-abc-***' })) }];
    }
    if (route === 'POST /api/v1/preauthkey/expire') {
      this.expire(String(body.id));
      return [200, {}];
    }
    if (route === 'GET /api/v1/node') return [200, { nodes: this.nodes.map((node) => this.headscaleNode(node)) }];
    if (nodeId !== undefined && route.startsWith('DELETE ')) {
      return this.remove(nodeId) ? [200, {}] : [404, { code: 5, message: 'node not found', details: [] }];
    }
    if (nodeId !== undefined && route.endsWith('/expire')) {
      const isThere = this.nodes.some(({ id }) => id === nodeId);
      const message = `node no longer exists in NodeStore: ${nodeId}`;
      return isThere ? [200, { node: { id: nodeId } }] : [500, { code: 2, message, details: [] }];
    }
    return [404, { code: 5, message: 'Not Found', details: [] }];
  }

  private headscaleMint(body: Body): Answer {
    const { user, expiration, ephemeral, reusable, aclTags = [] } = body;
    if (user !== undefined && !/^[0-9]+$/.test(user)) {
      return [400, { code: 3, message: 'proto: invalid value for uint64 field user', details: [] }];
    }
    if (user !== undefined && user !== USER.id) return [500, { code: 2, message: 'user not found', details: [] }];
    if (user === undefined && aclTags.length === 0) {
      return [500, { code: 2, message: 'auth-key must be either tagged or owned by user', details: [] }];
    }
    const key = this.add({
      isEphemeral: ephemeral === true,
      isReusable: reusable === true,
      tags: aclTags,
      hasUser: user !== undefined,
      expiration: expiration ?? '1970-01-01T00:00:00Z',
    });
    return [200, { preAuthKey: headscaleKey(key) }];
  }

  private nextNodeId(): string {
    this.nodeCount += 1;
    return String(this.nodeCount);
  }

  private headscaleNode({ id, name, keyId, joinedAt }: StubNode): unknown {
    const key = this.keys.find((candidate) => candidate.id === keyId);
    const preAuthKey = key === undefined ? (keyId === null ? null : { id: keyId }) : headscaleKey(key);
    const node = { id, name, givenName: name, ipAddresses: ['100.64.0.1'], user: USER, online: true, tags: [] };
    return { ...node, preAuthKey, createdAt: joinedAt };
  }

  private tailscale(route: string, body: Body): Answer {
    const keyId = /\/api\/v2\/tailnet\/-\/keys\/([^/]+)/.exec(route)?.[1];
    const nodeId = /\/api\/v2\/device\/([^/]+)/.exec(route)?.[1];
    const missing: Answer = [404, { message: 'not found' }];
    if (route === 'GET /api/v2/tailnet/-/keys') return [200, { keys: this.open().map(({ id }) => ({ id })) }];
    if (route === 'POST /api/v2/tailnet/-/keys') return this.tailscaleMint(body);
    if (keyId !== undefined) {
      const key = this.open().find(({ id }) => id === keyId);
      if (key === undefined) return missing;
      if (route.startsWith('DELETE ')) this.expire(keyId);
      return [200, route.startsWith('DELETE ') ? null : { id: keyId, expires: key.expiration }];
    }
    if (route === 'GET /api/v2/tailnet/-/devices') {
      const device = ({ id, name, joinedAt }: StubNode) => {
        return { id, hostname: name, addresses: ['100.64.0.1'], user: 'ada@x', created: joinedAt };
      };
      return [200, { devices: this.nodes.map(device) }];
    }
    if (nodeId !== undefined && route.endsWith('/expire')) {
      return this.nodes.some(({ id }) => id === nodeId) ? [200, null] : missing;
    }
    if (nodeId !== undefined) return this.remove(nodeId) ? [200, null] : missing;
    return [404, '404 page not found'];
  }

  private tailscaleMint({ capabilities, expirySeconds }: Body): Answer {
    const create = capabilities?.devices.create;
    const tags = create?.tags ?? [];
    if (tags.some((tag) => tag !== 'tag:gstacks-agent' && tag !== 'tag:gstacks-local')) {
      return [400, { message: 'requested tags are invalid or not permitted' }];
    }
    const key = this.add({
      isEphemeral: create?.ephemeral === true,
      isReusable: create?.reusable === true,
      tags,
      hasUser: tags.length === 0,
      expiration: new Date(Date.now() + (expirySeconds ?? 90 * 86_400) * 1_000).toISOString(),
    });
    return [200, { id: key.id, key: key.key, expires: key.expiration, capabilities }];
  }

  private add(properties: Omit<StubKey, 'id' | 'key' | 'isUsed'>): StubKey {
    const id = String(this.keys.length + 1);
    const key = { id, key: `hskey-auth-${randomBytes(12).toString('hex')}`, isUsed: false, ...properties };
    this.keys.push(key);
    return key;
  }

  private expire(keyId: string): void {
    for (const key of this.keys) if (key.id === keyId) key.expiration = new Date(Date.now() - 1).toISOString();
  }

  private remove(nodeId: string): boolean {
    const index = this.nodes.findIndex(({ id }) => id === nodeId);
    if (index >= 0) this.nodes.splice(index, 1);
    return index >= 0;
  }
}

interface Body {
  readonly id?: string;
  readonly user?: string;
  readonly reusable?: boolean;
  readonly ephemeral?: boolean;
  readonly expiration?: string;
  readonly aclTags?: readonly string[];
  readonly expirySeconds?: number;
  readonly capabilities?: {
    readonly devices: {
      readonly create: {
        readonly reusable: boolean;
        readonly ephemeral: boolean;
        readonly tags: readonly string[];
      };
    };
  };
}

function headscaleKey({ id, key, isEphemeral, isReusable, isUsed, expiration, tags, hasUser }: StubKey): object {
  const createdAt = USER.createdAt;
  const user = hasUser ? USER : null;
  return {
    user,
    id,
    key,
    reusable: isReusable,
    ephemeral: isEphemeral,
    used: isUsed,
    expiration,
    createdAt,
    aclTags: tags,
  };
}
