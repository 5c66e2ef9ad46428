import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { type TopologyMessage, topologyStatement } from '#libs/contracts/bus-messages.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { KeyFiles } from './key-files.js';

type Statement = Pick<TopologyMessage, 'epoch' | 'networkId' | 'from' | 'to' | 'hash'>;

/** Signs what agents are to hold; agents pin the public key when they enrol. */
export interface TopologySigner {
  /** SPKI, DER, base64. */
  readonly publicKey: string;
  /** Ed25519 (RFC 8032) over topologyStatement, base64. */
  sign(agentId: AgentId, statement: Statement): string;
}

/** Reads the signing key from a folder, making it when it is missing. */
export function loadTopologySigner(folder: string): TopologySigner {
  const pem = new KeyFiles(folder).readOrCreate('topology-signing.pem', () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim(),
  );
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
  return {
    publicKey,
    sign: (agentId, statement) =>
      sign(null, Buffer.from(topologyStatement(agentId, statement)), privateKey).toString('base64'),
  };
}

/** Whether the holder of the pinned key signed this statement for this agent. False for anything malformed. */
export function verifyTopology(publicKey: string, agentId: AgentId, statement: Statement, signature: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
    return verify(null, Buffer.from(topologyStatement(agentId, statement)), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}
