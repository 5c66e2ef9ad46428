import { createPublicKey, type KeyObject } from 'node:crypto';
import type { LogCheckpoint } from '#libs/audit/checkpoint-statement.js';
import { fingerprint, keysThatFollow, publicKeyText, signSuccession } from '#libs/audit/key-succession.js';
import type { LogHead, SignedHead } from '#libs/audit/signed-head.js';
import type { KeyFiles } from '#libs/bus/key-files.js';
import { newSigningKey, SIGNING_KEY, signerOf, TOPOLOGY_KEY_FILE, type TopologySigner } from '#libs/bus/signing.js';
import type { KeySuccession } from '#libs/contracts/store-keys.js';
import type { StoreKeyState } from '#libs/domain/store-key/state.js';
import { KeySlots, type RotatedKey } from './key-slots.js';
import type { KeySuccessions } from './key-successions.js';

const FILES: RotatedKey<KeyObject> = {
  ...SIGNING_KEY,
  name: TOPOLOGY_KEY_FILE,
  nextName: 'topology-signing.next.pem',
  create: newSigningKey,
  publicKeyOf: (privateKey) => publicKeyText(createPublicKey(privateKey)),
};

/** Signs with the key in use, and knows which others count. */
export class SigningKeys implements TopologySigner {
  private signer: TopologySigner;
  /** What members are to trust. */
  private trustedKeys: readonly string[];
  private acceptedKeys: readonly string[];

  private constructor(
    private readonly slots: KeySlots<KeyObject>,
    private readonly successions: KeySuccessions,
  ) {
    this.signer = signerOf(slots.current);
    this.trustedKeys = [slots.publicKey];
    this.acceptedKeys = [slots.publicKey];
  }

  /** Error: KeyFileUnusableError. */
  static async open(files: KeyFiles, successions: KeySuccessions): Promise<SigningKeys> {
    return new SigningKeys(await KeySlots.open(files, FILES), successions);
  }

  get publicKey(): string {
    return this.signer.publicKey;
  }

  get accepted(): readonly string[] {
    return this.acceptedKeys;
  }

  get trusted(): readonly string[] {
    return this.trustedKeys;
  }

  get fingerprints(): readonly string[] {
    return this.trustedKeys.map(fingerprint);
  }

  get nextPublicKey(): string | null {
    return this.slots.nextPublicKey;
  }

  sign(...of: Parameters<TopologySigner['sign']>): string {
    return this.signer.sign(...of);
  }

  signHead(head: LogHead): SignedHead {
    return this.signer.signHead(head);
  }

  signCheckpoint(checkpoint: LogCheckpoint): string {
    return this.signer.signCheckpoint(checkpoint);
  }

  /** The key in use names the one that is to follow, which is made if it is not there. */
  async offer(): Promise<KeySuccession> {
    const succession = signSuccession('signing', this.slots.current, FILES.publicKeyOf(await this.slots.prepareNext()));
    this.successions.add([succession]);
    return succession;
  }

  /** Goes on as the log says. `first`: the key of the store's first start. */
  async follow(state: StoreKeyState | null, first: string): Promise<void> {
    const { slots } = this;
    if (state !== null && state.inUse === slots.nextPublicKey) slots.putToUse();
    if (state !== null) this.successions.add(state.successions);
    this.signer = signerOf(slots.current);
    const before = state?.stage === 'used' ? state.former.slice(-1) : [];
    const next =
      state?.stage === 'offered' && state.next === slots.nextPublicKey && state.next !== null ? [state.next] : [];
    this.trustedKeys = [slots.publicKey, ...next, ...before];
    this.acceptedKeys = [...keysThatFollow('signing', [slots.publicKey, first], this.successions.all)];
  }
}
