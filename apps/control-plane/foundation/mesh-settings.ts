import { CodedError } from '#libs/contracts/errors.js';
import { MESH_TRANSPORTS, type MeshTransport } from '#libs/contracts/mesh-transports.js';
import { HTTP_URL_TEXT, httpUrl } from '#libs/contracts/urls.js';
import type { Setting } from '#libs/program/setting.js';
import { Secret } from './secret.js';
import { SETTINGS } from './settings-list.js';

export const MESH_API_KINDS = ['headscale', 'tailscale'] as const;
export type MeshApiKind = (typeof MESH_API_KINDS)[number];

export interface MintingSettings {
  readonly apiUrl: URL;
  readonly apiToken: Secret;
  /** null: recognised by what the API answers. */
  readonly apiKind: MeshApiKind | null;
  /** Name or id; null: keys carry a tag and belong to no user. */
  readonly user: string | null;
}

/** Where mesh keys come from; `incomplete` names the variables that are missing for an API. */
export type KeySourceSettings =
  | { readonly kind: 'minted'; readonly minting: MintingSettings }
  | { readonly kind: 'pre-created'; readonly authKey: Secret }
  | { readonly kind: 'none' }
  | { readonly kind: 'incomplete'; readonly missing: readonly string[] };

export interface ControlPlaneMeshSettings {
  /** The transport that the settings name, or tsnet if there is a control URL; null: there is no mesh. */
  readonly transport: MeshTransport | null;
  readonly isTransportNamed: boolean;
  readonly controlUrl: URL | null;
  readonly keySource: KeySourceSettings;
  /** A pre-created key is set but not used, because there is an API. */
  readonly isAuthKeyUnused: boolean;
}

/** There is no mesh that a node could join. */
export class MeshNotConfiguredError extends CodedError {
  constructor(why: string, remedy: string) {
    super('MESH_NOT_CONFIGURED', why, remedy);
  }
}

/** A control URL is set, but no source of keys. The message names the variables. */
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
/** Makes the error for an invalid value, which it does not quote. */
type Refuse = (name: string, accepted: string) => Error;

const LONGEST_SECRET = 512;

/** The settings of the mesh, which is optional: missing variables are no error. Throws what `refuse` makes. */
export function readMeshSettings(environment: Environment, refuse: Refuse): ControlPlaneMeshSettings {
  const read = ({ variable }: Setting): string | null => environment[variable]?.trim() || null;
  const url = (setting: Setting): URL | null => {
    const value = read(setting);
    if (value === null) return null;
    const parsed = httpUrl(value);
    if (parsed === null) throw refuse(setting.variable, HTTP_URL_TEXT);
    return parsed;
  };
  const secret = (setting: Setting): Secret | null => {
    const value = read(setting);
    if (value === null) return null;
    if (value.length > LONGEST_SECRET || !/^[\x21-\x7e]+$/.test(value)) {
      throw refuse(setting.variable, `a secret of at most ${LONGEST_SECRET} printable characters`);
    }
    return new Secret(value);
  };
  const word = <T extends string>(setting: Setting, words: readonly T[]): T | null => {
    const value = read(setting);
    const found = words.find((candidate) => candidate === value);
    if (value !== null && found === undefined) throw refuse(setting.variable, words.join(' or '));
    return found ?? null;
  };
  const user = read(SETTINGS.meshUser);
  if (user !== null && user.length > 255) throw refuse(SETTINGS.meshUser.variable, 'a name or id of a user');
  const named = word(SETTINGS.meshTransport, MESH_TRANSPORTS);
  const controlUrl = url(SETTINGS.meshControlUrl);
  const authKey = secret(SETTINGS.meshAuthKey);
  const keySource = sourceOf({
    apiUrl: url(SETTINGS.meshApiUrl),
    apiToken: secret(SETTINGS.meshApiToken),
    apiKind: word(SETTINGS.meshApiKind, MESH_API_KINDS),
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

/** Minted keys expire within minutes, so an API is preferred to a pre-created key. */
function sourceOf({ apiUrl, apiToken, apiKind, user, authKey }: Given): KeySourceSettings {
  if (apiUrl !== null && apiToken !== null) return { kind: 'minted', minting: { apiUrl, apiToken, apiKind, user } };
  if (authKey !== null) return { kind: 'pre-created', authKey };
  if (apiUrl === null && apiToken === null) return { kind: 'none' };
  const missing = apiUrl === null ? 'GLOBALSTACKS_MESH_API_URL' : 'GLOBALSTACKS_MESH_API_TOKEN';
  return { kind: 'incomplete', missing: [missing] };
}

/** The error of a node that needs a control server when none is set. */
export function meshNotConfigured({ keySource }: ControlPlaneMeshSettings): MeshNotConfiguredError {
  const keys = keySource.kind === 'none' ? ' and a source of keys' : '';
  return new MeshNotConfiguredError(
    'no mesh: GLOBALSTACKS_MESH_CONTROL_URL is not set',
    `set GLOBALSTACKS_MESH_CONTROL_URL${keys}, or GLOBALSTACKS_MESH_TRANSPORT=direct; see docs/mesh.md`,
  );
}

/** Why nodes cannot join a tsnet mesh with these settings; null: they can. */
export function whatIsMissing(settings: ControlPlaneMeshSettings): CodedError | null {
  const { transport, controlUrl, keySource } = settings;
  if (transport === 'direct') {
    return new MeshNotConfiguredError(
      'the mesh transport is direct: nodes reach each other without a control server and need no key',
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

/** The control server and key source that nodes join with. Throws what whatIsMissing returns. */
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

/** Identifies a control server; contains no secret. */
export function apiName({ apiUrl }: MintingSettings): string {
  return baseOf(apiUrl);
}

/** The transport and control server that nodes are offered; a control URL belongs to tsnet only. */
export function meshToJoin({ transport, controlUrl }: ControlPlaneMeshSettings): {
  readonly meshTransport: MeshTransport | null;
  readonly meshControlUrl: string | null;
} {
  const isUsed = transport === 'tsnet' && controlUrl !== null;
  return { meshTransport: transport, meshControlUrl: isUsed ? baseOf(controlUrl) : null };
}

/** Without a trailing slash: callers append paths that begin with one. */
function baseOf(url: URL): string {
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
