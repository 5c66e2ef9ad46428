const DOCTOR = 'run `gstacks mesh doctor` to find the cause';

/** What to do about a node that is not in the mesh, by the code of its state; see docs/mesh.md. */
const REMEDIES: { readonly [code: string]: string } = {
  MESH_NOT_CONFIGURED: 'run `gstacks mesh doctor`: it names the missing settings; see docs/mesh.md',
  MESH_CREDENTIALS_INVALID:
    'check that the agent reaches GLOBALSTACKS_CONTROL_PLANE_URL: the control plane certifies its mesh key at the first contact',
  MESH_KEY_SOURCE_MISSING: 'run `gstacks mesh doctor`: it names the missing settings; see docs/mesh.md',
  MESH_KEY_MISSING: `the control server requires a key: ${DOCTOR}`,
  MESH_KEY_INVALID:
    'check GLOBALSTACKS_MESH_AUTH_KEY, or let the control plane mint keys with GLOBALSTACKS_MESH_API_URL',
  MESH_KEY_EXPIRED: 'make a new key and set GLOBALSTACKS_MESH_AUTH_KEY, or let the control plane mint keys',
  MESH_KEY_USED: 'make a reusable key for GLOBALSTACKS_MESH_AUTH_KEY, or let the control plane mint one for each node',
  MESH_LOGIN_REFUSED: "read the control server's log about this node",
  MESH_LOGIN_LOST: "the node requests a new key automatically; if this lasts, read the control server's log",
  MESH_APPROVAL_NEEDED: 'approve the node at the control server',
  MESH_CONTROL_UNREACHABLE:
    'check GLOBALSTACKS_MESH_CONTROL_URL, and that the control server runs and can be reached from this host',
  MESH_CONTROL_INVALID: 'GLOBALSTACKS_MESH_CONTROL_URL must name a tsnet-compatible control server such as Headscale',
  MESH_JOIN_TIMED_OUT: "read the control server's log; this host must also reach its relays (DERP)",
  MESH_PROTOCOL_MISMATCH:
    'build mesh-node of this release (docs/deploy.md) at the path in GLOBALSTACKS_MESH_NODE; in a clone, `npm start` builds it',
  MESH_NODE_MISSING:
    'build mesh-node with Go 1.26 or newer (docs/deploy.md) and set GLOBALSTACKS_MESH_NODE to its path (in a clone, `npm start` builds it); or set GLOBALSTACKS_MESH_TRANSPORT=direct',
  MESH_NODE_ENDED:
    "mesh-node is restarted automatically; if it keeps ending, read this log and the host's for the reason",
  PEER_STREAM_LIMIT:
    'find out what runs at that peer; `gstacks agent revoke <agent>` or `gstacks mesh revoke <node>` removes it from the mesh',
  MESH_STATE_IN_USE: 'stop the other mesh-node that uses the same state folder',
};

/** The remedy for this code of a mesh state; null: none is known, or nothing is wrong. */
export function meshRemedy(code: string | null): string | null {
  if (code === null) return null;
  return REMEDIES[code] ?? DOCTOR;
}
