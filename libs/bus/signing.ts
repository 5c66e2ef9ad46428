import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { checkpointStatement, type LogCheckpoint } from '#libs/audit/checkpoint-statement.js';
import { headStatement, type LogHead, type SignedHead } from '#libs/audit/signed-head.js';
import type { NetworkVersion } from '#libs/contracts/bus/network-version.js';
import { type TopologyMessage, topologyStatement } from '#libs/contracts/bus/to-member/topology.js';
import { KeyFiles, RESTORE_KEYS } from './key-files.js';

type Statement = Pick<TopologyMessage, 'epoch' | 'networkId' | 'to' | 'hash'>;

/**
 * Signs what agents and local nodes are to hold, where the log ends, and checkpoints of it. Agents and local nodes pin
 * the public key when they enrol or join.
 */
export interface TopologySigner {
  /** SPKI, DER, base64. */
  readonly publicKey: string;
  /** Ed25519 (RFC 8032) over topologyStatement, base64. */
  sign(recipient: string, statement: Statement): string;
  /** Ed25519 over headStatement. */
  signHead(head: LogHead): SignedHead;
  /** Ed25519 over checkpointStatement, base64. */
  signCheckpoint(checkpoint: LogCheckpoint): string;
}

/** The file of the signing key in the keys folder. */
export const TOPOLOGY_KEY_FILE = 'topology-signing.pem';

/** Reads the signing key from a folder, or makes it. Error: KeyFileUnusableError. */
export function loadTopologySigner(folder: string): TopologySigner {
  const file = { name: TOPOLOGY_KEY_FILE, holds: 'an Ed25519 key in PEM', parse: parseSigningKey };
  const privateKey = new KeyFiles(folder, RESTORE_KEYS).readOrCreate(file, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim(),
  );
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
  const signed = (text: string): string => sign(null, Buffer.from(text), privateKey).toString('base64');
  return {
    publicKey,
    sign: (recipient, statement) => signed(topologyStatement(recipient, statement)),
    signHead: (head) => ({ ...head, signature: signed(headStatement(head)) }),
    signCheckpoint: (checkpoint) => signed(checkpointStatement(checkpoint)),
  };
}

function parseSigningKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 key');
  return key;
}

/** Whether the key's holder has signed that this member holds exactly this version. */
export function verifyHeld(publicKey: string, recipient: string, held: NetworkVersion): boolean {
  const { epoch, networkId, version, hash, signature } = held;
  if (signature === null) return false;
  return verifyTopology(publicKey, recipient, { epoch, networkId, to: version, hash }, signature);
}

/** Whether the pinned key's holder signed this statement for this recipient. False for malformed input. */
export function verifyTopology(publicKey: string, recipient: string, statement: Statement, signature: string): boolean {
  try {
    const key = parsedKey(publicKey);
    return verify(null, Buffer.from(topologyStatement(recipient, statement)), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

/** Whether the key's holder made this checkpoint. False for malformed input. */
export function verifyCheckpoint(publicKey: string, checkpoint: LogCheckpoint, signature: string): boolean {
  try {
    const text = Buffer.from(checkpointStatement(checkpoint));
    return verify(null, text, parsedKey(publicKey), Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

let lastKey: { readonly text: string; readonly key: KeyObject } | null = null;

/** Kept, since a process verifies with one key for hours and parsing it takes as long as verifying. */
function parsedKey(text: string): KeyObject {
  if (lastKey?.text !== text) {
    lastKey = { text, key: createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' }) };
  }
  return lastKey.key;
}
