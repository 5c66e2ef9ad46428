import type { KeyFile, KeyFiles } from '#libs/bus/key-files.js';

/** A private key that is rotated: the files of the key in use and of the one that is to follow. */
export interface RotatedKey<T> extends KeyFile<T> {
  readonly nextName: string;
  readonly create: () => string | Promise<string>;
  /** SPKI, DER, base64. */
  readonly publicKeyOf: (key: T) => string;
}

/** The key in use and the one that is to follow, each in a file of the keys folder. */
export class KeySlots<T> {
  private constructor(
    private readonly files: KeyFiles,
    private readonly kind: RotatedKey<T>,
    private inUse: T,
    private following: T | null,
  ) {}

  /** Makes the key in use if there is none. Error: KeyFileUnusableError. */
  static async open<T>(files: KeyFiles, kind: RotatedKey<T>): Promise<KeySlots<T>> {
    const inUse = files.read(kind) ?? kind.parse(files.keep(kind.name, await kind.create()));
    return new KeySlots(files, kind, inUse, files.read({ ...kind, name: kind.nextName }));
  }

  get current(): T {
    return this.inUse;
  }

  get publicKey(): string {
    return this.kind.publicKeyOf(this.inUse);
  }

  /** null: no key is to follow, or its file was lost. */
  get next(): T | null {
    return this.following;
  }

  get nextPublicKey(): string | null {
    return this.following === null ? null : this.kind.publicKeyOf(this.following);
  }

  /** The key that is to follow; it is made if its file is not there. Errors: KeyFileUnusableError, DiskFullError. */
  async prepareNext(): Promise<T> {
    const file = { ...this.kind, name: this.kind.nextName };
    this.following = this.files.read(file) ?? file.parse(this.files.keep(file.name, await this.kind.create()));
    return this.following;
  }

  /** The next key takes the place of the one in use, whose private part is gone from then on. */
  putToUse(): void {
    if (this.following === null) return;
    this.files.replace(this.kind.name, this.kind.nextName);
    this.inUse = this.following;
    this.following = null;
  }
}
