import { CodedError } from '#libs/contracts/errors.js';

/** The mesh's control server did not answer, or refused. */
export class MeshApiError extends CodedError {}

export class MeshApiUnreachableError extends MeshApiError {
  constructor(origin: string, why: string) {
    super(
      'MESH_API_UNREACHABLE',
      `the mesh API at ${origin} is not reachable: ${why}`,
      'check GLOBALSTACKS_MESH_API_URL and that the control server runs; then gstacks mesh doctor',
    );
  }
}

export class MeshApiTimedOutError extends MeshApiError {
  constructor(origin: string, timeoutMs: number) {
    super(
      'MESH_API_TIMED_OUT',
      `the mesh API at ${origin} did not answer within ${timeoutMs} ms`,
      'check the control server and the network on the way to it; then gstacks mesh doctor',
    );
  }
}

export class MeshApiUnauthorisedError extends MeshApiError {
  constructor(origin: string) {
    super(
      'MESH_API_UNAUTHORISED',
      `the mesh API at ${origin} refuses the token in GLOBALSTACKS_MESH_API_TOKEN`,
      'make a new API token at the control server (Headscale: headscale apikeys create) and set GLOBALSTACKS_MESH_API_TOKEN',
    );
  }
}

export class MeshApiUnreadableError extends MeshApiError {
  constructor(origin: string, found: string) {
    super(
      'MESH_API_UNREADABLE',
      `the answer of the mesh API at ${origin} is not understood: ${found}`,
      'check that GLOBALSTACKS_MESH_API_URL is a Headscale (0.28 or newer) or the Tailscale API; if it is, set ' +
        'GLOBALSTACKS_MESH_API_KIND',
    );
  }
}

/** The control server refused for a reason without a class of its own. */
export class MeshApiRefusedError extends MeshApiError {
  constructor(
    origin: string,
    readonly status: number,
    readonly reason: string,
  ) {
    super(
      'MESH_API_REFUSED',
      `the mesh API at ${origin} answered with status ${status}: ${reason}`,
      "read the control server's log; then gstacks mesh doctor",
    );
  }
}

export class MeshUserUnknownError extends MeshApiError {
  constructor(user: string) {
    super(
      'MESH_USER_UNKNOWN',
      `the control server has no user ${user}`,
      'set GLOBALSTACKS_MESH_USER to a name or id that `headscale users list` shows, or leave it out for tagged keys',
    );
  }
}

export class MeshKeyNeedsTagsError extends MeshApiError {
  constructor(tag: string) {
    super(
      'MESH_KEY_NEEDS_TAGS',
      `the control server refuses a key without a user, because it does not accept the tag ${tag}`,
      `set GLOBALSTACKS_MESH_USER, or add ${tag} to tagOwners in the policy of the control server`,
    );
  }
}

export class MeshNodeUnknownError extends MeshApiError {
  constructor(nodeId: string) {
    super('MESH_NODE_UNKNOWN', `the control server has no node ${nodeId}`, 'gstacks mesh doctor');
  }
}
