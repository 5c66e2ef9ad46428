import type { KeyObject } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import * as Flags from '@oclif/core/flags';
import { showAuditKey, verifyLog } from '#libs/api-client/generated/index.js';
import { parsePublicKey } from '#libs/audit/signed-head.js';
import { verifyExport } from '#libs/audit/verify-export.js';
import { showVerification, verificationOf } from '../../audit/verification.js';
import { type ConnectionFlags, GstacksCommand } from '../../command.js';
import { UsageError } from '../../errors/errors.js';

/** A walk takes about nine seconds for a million events. */
const WALK_SECONDS = 570;

export default class AuditVerify extends GstacksCommand {
  static override summary = 'Check that no event of the log was changed or removed, up to its signed head (admin)';
  static override description =
    'Without --file the control plane walks its own log. With --file an export is checked here; with --key no control plane is asked.';
  static override examples = [
    '<%= config.bin %> audit verify',
    '<%= config.bin %> audit verify --file log.jsonl --key audit.pem',
  ];
  static override flags = {
    file: Flags.string({ description: 'check this export instead', helpValue: '<file>' }),
    key: Flags.string({
      description: 'file with the public key of the control plane that made the export',
      helpValue: '<file>',
      dependsOn: ['file'],
    }),
  };

  async run() {
    const { flags } = await this.parse(AuditVerify);
    if (flags.file !== undefined) return this.verifyFile(flags.file, flags);
    const { client } = await this.connect(flags, WALK_SECONDS);
    const verification = await verifyLog({ client });
    showVerification(this.screen, 'the log', verification);
    const { headsKeptSince, intact } = verification;
    if (intact && headsKeptSince !== null && headsKeptSince > 0) {
      this.screen.line(`signed heads exist since event ${headsKeptSince}: earlier changes cannot be detected`);
    }
    return verification;
  }

  private async verifyFile(file: string, flags: ConnectionFlags & { readonly key?: string | undefined }) {
    const keys =
      flags.key === undefined ? await this.publicKeys(flags) : [parsePublicKey(textOf(flags.key), flags.key)];
    const verified = await verifyExport(createReadStream(file), keys).catch((error: unknown) => {
      throw unreadable(file, error);
    });
    const verification = verificationOf(verified);
    showVerification(this.screen, file, verification);
    return { file, ...verification };
  }

  /** With those of exports made before or after a rotation. */
  private async publicKeys(flags: ConnectionFlags): Promise<readonly KeyObject[]> {
    const { client } = await this.connect(flags);
    const { publicKey, others } = await showAuditKey({ client });
    return [publicKey, ...others].map((key) => parsePublicKey(key, 'the answer of the control plane'));
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** The system's own errors; any other stays what it is. */
function unreadable(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new UsageError(`${file} cannot be read: ${error.message}`, 'name a file that is there', 'FILE_UNREADABLE');
}
