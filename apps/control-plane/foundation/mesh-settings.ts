import { CodedError } from '#libs/contracts/errors.js';
import { MESH_TRANSPORTS, type MeshTransport } from '#libs/contracts/mesh-transports.js';
import { HTTP_URL_TEXT, httpUrl } from '#libs/contracts/urls.js';
import { Secret } from './secret.js';

export const MESH_API_KINDS = ['headscale', 'tailscale'] as const;
export type MeshApiKind = (typeof MESH_API_KINDS)[number];

export interface MintingSettings {
  readonly apiUrl: URL;
  readonly apiToken: Secret;
  /** null: what the API answers decides. */
  readonly apiKind: MeshApiKind | null;
  /** Name or id; null: keys carry a tag and belong to nobody. */
  readonly user: string | null;
}

/** Where mesh keys come from; `incomplete` names the variables that an API lacks. */
export type KeySourceSettings =
  | { readonly kind: 'minted'; readonly minting: MintingSettings }
  | { readonly kind: 'pre-created'; readonly authKey: Secret }
  | { readonly kind: 'none' }
  | { readonly kind: 'incomplete'; readonly missing: readonly string[] };

export interface ControlPlaneMeshSettings {
  /** In force: the transport named, or else what a control URL implies; null: there is no mesh. */
  readonly transport: MeshTransport | null;
  readonly isTransportNamed: boolean;
  readonly controlUrl: URL | null;
  readonly keySource: KeySourceSettings;
  /** A pre-created key was given beside an API, which wins. */
  readonly isAuthKeyUnused: boolean;
}

/** Nobody can join a mesh that is not there. */
export class MeshNotConfiguredError extends CodedError {
  constructor(why: string, remedy: string) {
    super('MESH_NOT_CONFIGURED', why, remedy);
  }
}

/** A control server without a way to keys for it; the message names the variables. */
export class MeshKeySourceMissingError extends CodedError {
  constructor(missing: readonly string[]) {
    super(
      'MESH_KEY_SOURCE_MISSING',
      missing.length === 0
        ? 'GLOBALSTACKS_MESH_CONTROL_URL is set without a source of keys'
        : `the source of mesh keys lacks ${missing.join(' and ')}`,
      missing.length === 0
        ? 'set GLOBALSTACKS_MESH_API_URL and GLOBALSTACKS_MESH_API_TOKEN, or GLOBALSTACKS_MESH_AUTH_KEY; see docs/mesh.md'
        : `set ${missing.join(' and ')}; see docs/mesh.md`,
    );
  }
}

type Environment = { readonly [name: string]: string | undefined };
/** Makes the error for a variable that cannot be used; the value is never part of it. */
type Refuse = (name: string, accepted: string) => Error;

const LONGEST_SECRET = 512;

/**
 * The mesh's variables of docs/mesh.md; throws what `refuse` makes. What is missing is no error here: a mesh is
 * optional.
 */
export function readMeshSettings(environment: Environment, refuse: Refuse): ControlPlaneMeshSettings {
  const read = (name: string): string | null => environment[name]?.trim() || null;
  const url = (name: string): URL | null => {
    const value = read(name);
    if (value === null) return null;
    const parsed = httpUrl(value);
    if (parsed === null) throw refuse(name, HTTP_URL_TEXT);
    return parsed;
  };
  const secret = (name: string): Secret | null => {
    const value = read(name);
    if (value === null) return null;
    if (value.length > LONGEST_SECRET || !/^[\x21-\x7e]+$/.test(value)) {
      throw refuse(name, `a secret of at most ${LONGEST_SECRET} printable characters`);
    }
    return new Secret(value);
  };
  const word = <T extends string>(name: string, words: readonly T[]): T | null => {
    const value = read(name);
    const found = words.find((candidate) => candidate === value);
    if (value !== null && found === undefined) throw refuse(name, words.join(' or '));
    return found ?? null;
  };
  const user = read('GLOBALSTACKS_MESH_USER');
  if (user !== null && user.length > 255) throw refuse('GLOBALSTACKS_MESH_USER', 'a name or id of a user');
  const named = word('GLOBALSTACKS_MESH_TRANSPORT', MESH_TRANSPORTS);
  const controlUrl = url('GLOBALSTACKS_MESH_CONTROL_URL');
  const authKey = secret('GLOBALSTACKS_MESH_AUTH_KEY');
  const keySource = sourceOf({
    apiUrl: url('GLOBALSTACKS_MESH_API_URL'),
    apiToken: secret('GLOBALSTACKS_MESH_API_TOKEN'),
    apiKind: word('GLOBALSTACKS_MESH_API_KIND', MESH_API_KINDS),
    user,
    authKey,
  });
  return {
    transport: named ?? (controlUrl === null ? null : 'tsnet'),
    isTransportNamed: named !== null,
    controlUrl,
    keySource,
    isAuthKeyUnused: authKey !== null && keySource.kind === 'minted',
  };
}

interface Given {
  readonly apiUrl: URL | null;
  readonly apiToken: Secret | null;
  readonly apiKind: MeshApiKind | null;
  readonly user: string | null;
  readonly authKey: Secret | null;
}

/** Keys that are minted end by themselves, so an API wins over a key that does not. */
function sourceOf({ apiUrl, apiToken, apiKind, user, authKey }: Given): KeySourceSettings {
  if (apiUrl !== null && apiToken !== null) return { kind: 'minted', minting: { apiUrl, apiToken, apiKind, user } };
  if (authKey !== null) return { kind: 'pre-created', authKey };
  if (apiUrl === null && apiToken === null) return { kind: 'none' };
  const missing = apiUrl === null ? 'GLOBALSTACKS_MESH_API_URL' : 'GLOBALSTACKS_MESH_API_TOKEN';
  return { kind: 'incomplete', missing: [missing] };
}

/** Why nodes that need a control server have none. */
export function meshNotConfigured({ keySource }: ControlPlaneMeshSettings): MeshNotConfiguredError {
  const keys = keySource.kind === 'none' ? ' and a source of keys' : '';
  return new MeshNotConfiguredError(
    'no mesh: GLOBALSTACKS_MESH_CONTROL_URL is not set',
    `set GLOBALSTACKS_MESH_CONTROL_URL${keys}, or GLOBALSTACKS_MESH_TRANSPORT=direct; see docs/mesh.md`,
  );
}

/** What keeps nodes from joining by tsnet with these settings, or null. */
export function whatIsMissing(settings: ControlPlaneMeshSettings): CodedError | null {
  const { transport, controlUrl, keySource } = settings;
  if (transport === 'direct') {
    return new MeshNotConfiguredError(
      'the mesh is direct: nodes reach each other without a control server and need no key',
      controlUrl === null
        ? 'set GLOBALSTACKS_MESH_CONTROL_URL and GLOBALSTACKS_MESH_TRANSPORT=tsnet for a mesh that needs keys'
        : 'unset GLOBALSTACKS_MESH_TRANSPORT, so that the mesh is the one of GLOBALSTACKS_MESH_CONTROL_URL',
    );
  }
  if (controlUrl === null) return meshNotConfigured(settings);
  if (keySource.kind === 'none') return new MeshKeySourceMissingError([]);
  return keySource.kind === 'incomplete' ? new MeshKeySourceMissingError(keySource.missing) : null;
}

export type UsableKeySource = Extract<KeySourceSettings, { readonly kind: 'minted' | 'pre-created' }>;

/** A mesh that nodes can join with keys from here. Throws what whatIsMissing finds. */
export function joinableMesh(settings: ControlPlaneMeshSettings): {
  readonly controlUrl: string;
  readonly keySource: UsableKeySource;
} {
  const missing = whatIsMissing(settings);
  if (missing !== null) throw missing;
  const { controlUrl, keySource } = settings;
  if (controlUrl === null || keySource.kind === 'none' || keySource.kind === 'incomplete') {
    throw meshNotConfigured(settings);
  }
  return { controlUrl: baseOf(controlUrl), keySource };
}

/** Tells one control server from another; no secret is in it. */
export function apiName({ apiUrl }: MintingSettings): string {
  return baseOf(apiUrl);
}

/** What nodes are told to join; a control URL only goes with tsnet. */
export function meshToJoin({ transport, controlUrl }: ControlPlaneMeshSettings): {
  readonly meshTransport: MeshTransport | null;
  readonly meshControlUrl: string | null;
} {
  const isUsed = transport === 'tsnet' && controlUrl !== null;
  return { meshTransport: transport, meshControlUrl: isUsed ? baseOf(controlUrl) : null };
}

/** Paths are put behind it, with a slash of their own. */
function baseOf(url: URL): string {
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
