import type { MintingSettings } from '../../foundation/mesh-settings.js';
import { Secret } from '../../foundation/secret.js';
import type { KeyRequest, MeshControlServer, MeshNodeRecord, MintedKey } from './control-server.js';
import { MeshApiRefusedError, MeshKeyNeedsTagsError, MeshNodeUnknownError } from './errors.js';
import { addresses, objects, optionalTime, text, time } from './fields.js';
import type { JsonObject, RestClient } from './rest.js';

const DESCRIPTION_LENGTH = 50;

/**
 * Tailscale's API v2 (https://tailscale.com/api) for the tailnet of the token. Keys belong to the token's owner, so a
 * user in the settings means only that keys carry no tag.
 */
export class Tailscale implements MeshControlServer {
  readonly kind = 'tailscale';

  constructor(
    private readonly rest: RestClient,
    private readonly user: MintingSettings['user'],
    private readonly now: () => Date,
  ) {}

  async mint({ isEphemeral, expiresAt, tag, description }: KeyRequest): Promise<MintedKey> {
    const tags = this.user === null ? [tag] : [];
    const create = { reusable: false, ephemeral: isEphemeral, preauthorized: true, tags };
    try {
      const answer = await this.rest.call('POST', 'api/v2/tailnet/-/keys', {
        capabilities: { devices: { create } },
        expirySeconds: Math.max(1, Math.round((expiresAt.getTime() - this.now().getTime()) / 1_000)),
        description: description.replace(/[^A-Za-z0-9 -]/g, '-').slice(0, DESCRIPTION_LENGTH),
      });
      return {
        id: text(this.rest, answer, 'id'),
        key: new Secret(text(this.rest, answer, 'key')),
        expiresAt: time(this.rest, answer, 'expires'),
      };
    } catch (error) {
      if (error instanceof MeshApiRefusedError && /\btags?\b/i.test(error.reason)) throw new MeshKeyNeedsTagsError(tag);
      throw error;
    }
  }

  async expireKey(keyId: string): Promise<void> {
    await this.unlessMissing('DELETE', `api/v2/tailnet/-/keys/${encodeURIComponent(keyId)}`);
  }

  /** A single-use key disappears after its use; a revoked one is marked. */
  async isKeyUsed(keyId: string): Promise<boolean> {
    const key = await this.unlessMissing('GET', `api/v2/tailnet/-/keys/${encodeURIComponent(keyId)}`);
    return key === null || key.invalid === true;
  }

  async listNodes(): Promise<readonly MeshNodeRecord[]> {
    return objects(this.rest, await this.rest.call('GET', 'api/v2/tailnet/-/devices'), 'devices').map((device) => ({
      id: text(this.rest, device, 'id'),
      name: text(this.rest, device, 'hostname'),
      addresses: addresses(device.addresses),
      isOnline: null,
      keyId: null,
      joinedAt: optionalTime(device.created),
    }));
  }

  async deleteNode(nodeId: string): Promise<boolean> {
    return (await this.unlessMissing('DELETE', `api/v2/device/${encodeURIComponent(nodeId)}`)) !== null;
  }

  async expireNode(nodeId: string): Promise<void> {
    const done = await this.unlessMissing('POST', `api/v2/device/${encodeURIComponent(nodeId)}/expire`);
    if (done === null) throw new MeshNodeUnknownError(nodeId);
  }

  private async unlessMissing(method: string, path: string): Promise<JsonObject | null> {
    try {
      return await this.rest.call(method, path);
    } catch (error) {
      if (error instanceof MeshApiRefusedError && error.status === 404) return null;
      throw error;
    }
  }
}
