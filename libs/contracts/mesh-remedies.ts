const DOCTOR = '`gstacks mesh doctor` tells what is wrong';

/** What to do about a node that is not in the mesh, by the code of its state; see docs/mesh.md. */
const REMEDIES: { readonly [code: string]: string } = {
  MESH_NOT_CONFIGURED: '`gstacks mesh doctor` tells what is not set; see docs/mesh.md',
  MESH_CREDENTIALS_INVALID:
    'check that the agent reaches GLOBALSTACKS_CONTROL_PLANE_URL: its mesh key is certified as soon as that answers',
  MESH_KEY_SOURCE_MISSING: '`gstacks mesh doctor` tells what is not set; see docs/mesh.md',
  MESH_KEY_MISSING: `the control server wants a key: ${DOCTOR}`,
  MESH_KEY_INVALID:
    'check GLOBALSTACKS_MESH_AUTH_KEY, or let the control plane mint keys with GLOBALSTACKS_MESH_API_URL',
  MESH_KEY_EXPIRED: 'make a new key and set GLOBALSTACKS_MESH_AUTH_KEY, or let the control plane mint keys',
  MESH_KEY_USED: 'make a reusable key for GLOBALSTACKS_MESH_AUTH_KEY, or let the control plane mint one for each node',
  MESH_LOGIN_REFUSED: "look at the control server's log for this node",
  MESH_LOGIN_LOST: 'the node asks for a new key by itself; if it stays so, see the control server',
  MESH_APPROVAL_NEEDED: 'approve the node at the control server',
  MESH_CONTROL_UNREACHABLE:
    'check GLOBALSTACKS_MESH_CONTROL_URL, and that the control server runs and is reached from here',
  MESH_CONTROL_INVALID: 'GLOBALSTACKS_MESH_CONTROL_URL must name a tsnet-compatible control server such as Headscale',
  MESH_JOIN_TIMED_OUT: "look at the control server's log; its relays (DERP) must be reached from here too",
  MESH_PROTOCOL_MISMATCH:
    'build mesh-node of this release (docs/deploy.md) where GLOBALSTACKS_MESH_NODE names it; in a clone, `npm start` builds it',
  MESH_NODE_MISSING:
    'build mesh-node with Go 1.26 or newer (docs/deploy.md) and name it in GLOBALSTACKS_MESH_NODE; in a clone, `npm start` builds it; without it, GLOBALSTACKS_MESH_TRANSPORT=direct',
  MESH_NODE_ENDED: 'it is started again by itself; if it ends again and again, see what the host does to it',
  PEER_STREAM_LIMIT:
    'find out what runs at that peer; `gstacks agent revoke <agent>` or `gstacks mesh revoke <node>` puts it out of the mesh',
  MESH_STATE_IN_USE: 'end the other mesh-node that uses the same state folder',
};

/** The remedy for this code of a mesh state; null: none is known, or nothing is wrong. */
export function meshRemedy(code: string | null): string | null {
  if (code === null) return null;
  return REMEDIES[code] ?? DOCTOR;
}
