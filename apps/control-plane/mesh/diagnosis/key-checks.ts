import { CodedError } from '#libs/contracts/errors.js';
import type { MeshCheckDto } from '#libs/contracts/http/mesh-diagnosis.js';
import type { MeshNodeOwner } from '#libs/mesh/hostname.js';
import type { ControlPlaneMeshSettings, MintingSettings } from '../../foundation/mesh-settings.js';
import { apiName, whatIsMissing } from '../../foundation/mesh-settings.js';
import type { MeshControlServer } from '../control-server/control-server.js';
import { keySourceWarnings } from '../key-source-warnings.js';
import { MESH_TAGS } from '../mesh-keys.js';
import { failed, passed, skipped } from './mesh-check.js';

const KEY_SECONDS = 60;
const KINDS = { headscale: "Headscale's", tailscale: "Tailscale's" } as const;

type Open = (minting: MintingSettings) => Promise<MeshControlServer>;

/** Checks the source of keys, and that a key can be made; for a tsnet mesh with a control server. */
export async function keyChecks(
  mesh: ControlPlaneMeshSettings,
  open: Open,
  now: () => Date,
): Promise<readonly MeshCheckDto[]> {
  const { keySource } = mesh;
  const missing = whatIsMissing(mesh);
  if (missing !== null) {
    return [failed('KEY_SOURCE', missing), skipped('TOKEN_MAY_MINT', 'there is no source of keys')];
  }
  if (keySource.kind !== 'minted') {
    const [cost] = keySourceWarnings(mesh);
    return [
      passed('KEY_SOURCE', `a key made before: ${cost?.message ?? ''}`),
      skipped('TOKEN_MAY_MINT', 'no keys are minted'),
    ];
  }
  const { minting } = keySource;
  const server = await attempt(() => open(minting));
  if (server instanceof CodedError) {
    return [failed('KEY_SOURCE', server), skipped('TOKEN_MAY_MINT', 'the API of the control server cannot be asked')];
  }
  const found = minting.apiKind === null ? 'by what it answers' : 'by GLOBALSTACKS_MESH_API_KIND';
  const unused = mesh.isAuthKeyUnused ? '; GLOBALSTACKS_MESH_AUTH_KEY is not used' : '';
  const source = `keys are minted through ${apiName(minting)}, ${KINDS[server.kind]} API ${found}${unused}`;
  const refusal = await attempt(() => mintAndExpire(server, now));
  return [
    passed('KEY_SOURCE', source),
    refusal instanceof CodedError
      ? failed('TOKEN_MAY_MINT', refusal)
      : passed('TOKEN_MAY_MINT', 'a key for an agent and one for a local node were made, and expired at once'),
  ];
}

/** One of each kind, because a control server may accept one kind's tag and not the other's. */
async function mintAndExpire(server: MeshControlServer, now: () => Date): Promise<void> {
  for (const kind of ['agent', 'local'] satisfies readonly MeshNodeOwner['kind'][]) {
    const { id } = await server.mint({
      isEphemeral: kind === 'local',
      expiresAt: new Date(now().getTime() + KEY_SECONDS * 1_000),
      tag: MESH_TAGS[kind],
      description: 'gstacks mesh doctor',
    });
    await server.expireKey(id);
  }
}

async function attempt<T>(act: () => Promise<T>): Promise<T | CodedError> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}
