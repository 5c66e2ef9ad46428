import { createPrivateKey, randomUUID } from 'node:crypto';
import { fingerprint, signSuccession } from '#libs/audit/key-succession.js';
import { type KeyFiles } from '#libs/bus/key-files.js';
import { parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import type { KeySuccession } from '#libs/contracts/store-keys.js';
import type { StoreKeyState } from '#libs/domain/store-key/state.js';
import { certifiedKey } from '#libs/mesh/authorities.js';
import {
  type AuthorityMaterial,
  type CertificateAuthority,
  createAuthority,
  type IssuedCertificate,
  type IssueRequest,
  loadAuthority,
} from '#libs/mesh/certificates.js';
import { KeySlots, type RotatedKey } from './key-slots.js';
import type { KeySuccessions } from './key-successions.js';

const TEN_YEARS_SECONDS = 10 * 365 * 86_400;
const LONGEST_PEM = 16_384;
export const MESH_AUTHORITY_FILE = 'mesh-authority.json';
const HOLDS = 'the mesh authority, a certificate and its key in JSON';
/** The certificate of the authority before, while members still trust it. */
const FORMER = { name: 'mesh-authority.former.pem', holds: 'a certificate in PEM', parse: certificateText };

/**
 * The store's authority for mesh certificates, which is made at the first start and kept in the keys folder. While it
 * is rotated, the one that follows or the one before is trusted as well.
 */
export class MeshAuthorities implements CertificateAuthority {
  private bundle: readonly string[];

  private constructor(
    private readonly files: KeyFiles,
    private readonly slots: KeySlots<AuthorityMaterial>,
    private readonly successions: KeySuccessions,
    private authority: CertificateAuthority,
  ) {
    this.bundle = [authority.certificate];
  }

  /** Error: KeyFileUnusableError. */
  static async open(files: KeyFiles, successions: KeySuccessions, now: Date): Promise<MeshAuthorities> {
    let storeId: string = randomUUID();
    const kind: RotatedKey<AuthorityMaterial> = {
      name: MESH_AUTHORITY_FILE,
      nextName: 'mesh-authority.next.json',
      holds: HOLDS,
      parse: parseMaterial,
      create: async () => JSON.stringify(await createAuthority({ storeId, now, ttlSeconds: TEN_YEARS_SECONDS })),
      publicKeyOf: ({ certificate }) => certifiedKey(certificate),
    };
    const slots = await KeySlots.open(files, kind);
    try {
      const authority = await loadAuthority(slots.current);
      storeId = authority.storeId;
      return new MeshAuthorities(files, slots, successions, authority);
    } catch {
      throw files.unusable(MESH_AUTHORITY_FILE, `does not hold ${HOLDS}`);
    }
  }

  get storeId(): string {
    return this.authority.storeId;
  }

  get certificate(): string {
    return this.bundle.join('\n');
  }

  get publicKey(): string {
    return this.slots.publicKey;
  }

  get nextPublicKey(): string | null {
    return this.slots.nextPublicKey;
  }

  get fingerprints(): readonly string[] {
    return this.bundle.map((pem) => fingerprint(certifiedKey(pem)));
  }

  issue(request: IssueRequest): Promise<IssuedCertificate> {
    return this.authority.issue(request);
  }

  /** The authority in use names the one that is to follow, which is made if it is not there. */
  async offer(): Promise<KeySuccession> {
    const next = await this.slots.prepareNext();
    const succession = signSuccession(
      'mesh',
      createPrivateKey(this.slots.current.privateKey),
      certifiedKey(next.certificate),
    );
    this.successions.add([succession]);
    return succession;
  }

  /** Goes on as the log says. */
  async follow(state: StoreKeyState | null): Promise<void> {
    const { slots, files } = this;
    if (state !== null && state.inUse === slots.nextPublicKey) {
      files.rewrite(FORMER.name, slots.current.certificate.trim());
      slots.putToUse();
    }
    if (state !== null) this.successions.add(state.successions);
    this.authority = await loadAuthority(slots.current);
    const former = files.read(FORMER);
    const isTrusted = former !== null && state?.stage === 'used' && state.former.at(-1) === certifiedKey(former);
    const next = state?.stage === 'offered' && state.next === slots.nextPublicKey ? slots.next : null;
    this.bundle = [
      slots.current.certificate.trim(),
      ...(next === null ? [] : [next.certificate.trim()]),
      ...(former !== null && isTrusted ? [former] : []),
    ];
  }
}

function certificateText(pem: string): string {
  certifiedKey(pem);
  return pem;
}

function parseMaterial(text: string): AuthorityMaterial {
  const { certificate, privateKey } = parseObject(JSON.parse(text), MESH_AUTHORITY_FILE);
  const pem = textUpTo(LONGEST_PEM);
  const material = { certificate: pem(certificate, 'certificate'), privateKey: pem(privateKey, 'privateKey') };
  certifiedKey(material.certificate);
  return material;
}
