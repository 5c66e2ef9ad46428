import type { MintingSettings } from '../../foundation/mesh-settings.js';
import { Secret } from '../../foundation/secret.js';
import type { KeyRequest, MeshControlServer, MeshNodeRecord, MintedKey } from './control-server.js';
import { MeshApiRefusedError, MeshKeyNeedsTagsError, MeshNodeUnknownError, MeshUserUnknownError } from './errors.js';
import { addresses, objects, optionalObject, optionalTime, text, time } from './fields.js';
import type { JsonObject, RestClient } from './rest.js';

/** Headscale's API v1 as of 0.28 (https://headscale.net, and the OpenAPI document that it serves). */
export class Headscale implements MeshControlServer {
  readonly kind = 'headscale';

  constructor(
    private readonly rest: RestClient,
    private readonly user: MintingSettings['user'],
  ) {}

  async mint({ isEphemeral, expiresAt, tag }: KeyRequest): Promise<MintedKey> {
    const owner = this.user === null ? { aclTags: [tag] } : { user: await this.userId(this.user), aclTags: [] };
    const body = { ...owner, reusable: false, ephemeral: isEphemeral, expiration: expiresAt.toISOString() };
    try {
      const answer = await this.rest.call('POST', 'api/v1/preauthkey', body);
      const minted = optionalObject(answer.preAuthKey);
      if (minted === null) throw this.rest.unreadable('there is no preAuthKey in it');
      return {
        id: text(this.rest, minted, 'id'),
        key: new Secret(text(this.rest, minted, 'key')),
        expiresAt: time(this.rest, minted, 'expiration'),
      };
    } catch (error) {
      if (!(error instanceof MeshApiRefusedError)) throw error;
      if (/user not found/i.test(error.reason)) throw new MeshUserUnknownError(this.user ?? 'for this key');
      if (/\btag/i.test(error.reason)) throw new MeshKeyNeedsTagsError(tag);
      throw error;
    }
  }

  async expireKey(keyId: string): Promise<void> {
    await this.rest.call('POST', 'api/v1/preauthkey/expire', { id: keyId });
  }

  async isKeyUsed(keyId: string): Promise<boolean> {
    const keys = objects(this.rest, await this.rest.call('GET', 'api/v1/preauthkey'), 'preAuthKeys');
    return keys.find(({ id }) => id === keyId)?.used === true;
  }

  async listNodes(): Promise<readonly MeshNodeRecord[]> {
    return objects(this.rest, await this.rest.call('GET', 'api/v1/node'), 'nodes').map((node) => ({
      id: text(this.rest, node, 'id'),
      name: text(this.rest, node, 'name'),
      addresses: addresses(node.ipAddresses),
      isOnline: typeof node.online === 'boolean' ? node.online : null,
      keyId: keyIdOf(node),
      joinedAt: optionalTime(node.createdAt),
    }));
  }

  async deleteNode(nodeId: string): Promise<boolean> {
    try {
      await this.rest.call('DELETE', `api/v1/node/${encodeURIComponent(nodeId)}`);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async expireNode(nodeId: string): Promise<void> {
    try {
      await this.rest.call('POST', `api/v1/node/${encodeURIComponent(nodeId)}/expire`);
    } catch (error) {
      if (isMissing(error)) throw new MeshNodeUnknownError(nodeId);
      throw error;
    }
  }

  /** Keys are requested for a numeric user id: a name is refused. */
  private async userId(nameOrId: string): Promise<string> {
    const users = objects(this.rest, await this.rest.call('GET', 'api/v1/user'), 'users');
    const found = users.find(({ name }) => name === nameOrId) ?? users.find(({ id }) => id === nameOrId);
    if (found === undefined) throw new MeshUserUnknownError(nameOrId);
    return text(this.rest, found, 'id');
  }
}

function keyIdOf(node: JsonObject): string | null {
  const id = optionalObject(node.preAuthKey)?.id;
  return typeof id === 'string' && id !== '' ? id : null;
}

/** For a missing node, deleting answers 404, and expiring 500 with these words. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof MeshApiRefusedError)) return false;
  return error.status === 404 || /no longer exists|not found/i.test(error.reason);
}
