import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { checkpointStatement, type LogCheckpoint } from '#libs/audit/checkpoint-statement.js';
import { publicKeyText } from '#libs/audit/key-succession.js';
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
  /** All keys whose signatures count: this one, those before it, and one that is to follow. */
  readonly accepted: readonly string[];
  /** Ed25519 (RFC 8032) over topologyStatement, base64. */
  sign(recipient: string, statement: Statement): string;
  /** Ed25519 over headStatement. */
  signHead(head: LogHead): SignedHead;
  /** Ed25519 over checkpointStatement, base64. */
  signCheckpoint(checkpoint: LogCheckpoint): string;
}

/** The file of the signing key in the keys folder. */
export const TOPOLOGY_KEY_FILE = 'topology-signing.pem';

export const SIGNING_KEY = { holds: 'an Ed25519 key in PEM', parse: parseSigningKey };

/** A new signing key, PKCS #8 in PEM. */
export function newSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim();
}

/** Reads the signing key from a folder, or makes it. Error: KeyFileUnusableError. */
export function loadTopologySigner(folder: string): TopologySigner {
  const files = new KeyFiles(folder, RESTORE_KEYS);
  return signerOf(files.readOrCreate({ ...SIGNING_KEY, name: TOPOLOGY_KEY_FILE }, newSigningKey));
}

/** Signs with this key. */
export function signerOf(privateKey: KeyObject): TopologySigner {
  const publicKey = publicKeyText(createPublicKey(privateKey));
  const signed = (text: string): string => sign(null, Buffer.from(text), privateKey).toString('base64');
  return {
    publicKey,
    accepted: [publicKey],
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

/** Whether the holder of one of these keys has signed that this member holds exactly this version. */
export function verifyHeld(publicKeys: readonly string[], recipient: string, held: NetworkVersion): boolean {
  const { epoch, networkId, version, hash, signature } = held;
  if (signature === null) return false;
  return verifyTopology(publicKeys, recipient, { epoch, networkId, to: version, hash }, signature);
}

/** Whether the holder of one of these keys signed this statement for this recipient. False for malformed input. */
export function verifyTopology(
  publicKeys: readonly string[],
  recipient: string,
  statement: Statement,
  signature: string,
): boolean {
  return isSignedByOne(publicKeys, topologyStatement(recipient, statement), signature);
}

/** Whether the holder of one of these keys made this checkpoint. False for malformed input. */
export function verifyCheckpoint(publicKeys: readonly string[], checkpoint: LogCheckpoint, signature: string): boolean {
  return isSignedByOne(publicKeys, checkpointStatement(checkpoint), signature);
}

function isSignedByOne(publicKeys: readonly string[], text: string, signature: string): boolean {
  const [signed, bytes] = [Buffer.from(text), Buffer.from(signature, 'base64')];
  return publicKeys.some((publicKey) => {
    try {
      return verify(null, signed, parsedKey(publicKey), bytes);
    } catch {
      return false;
    }
  });
}

const MOST_PARSED = 32;
const parsed = new Map<string, KeyObject>();

/** Kept, since a process verifies with the same keys for hours and parsing one takes as long as verifying. */
function parsedKey(text: string): KeyObject {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' });
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(text, key);
  return key;
}
