import { open, rename, rm } from 'node:fs/promises';
import * as Args from '@oclif/core/args';
import { showAuditKey } from '#libs/api-client/generated/index.js';
import { parsePublicKey } from '#libs/audit/signed-head.js';
import { type VerifiedExport, verifyExport } from '#libs/audit/verify-export.js';
import { writeErrorOf } from '#libs/contracts/disk-full.js';
import { download } from '../../api/download.js';
import { GstacksCommand } from '../../command.js';
import { InterruptedError, RefusedHereError, UsageError } from '../../errors/errors.js';

const PATH = '/v1/audit/export';
const CONTENT_TYPE = 'application/x-ndjson';

type Take = (bytes: Uint8Array) => Promise<void>;

export default class AuditExport extends GstacksCommand {
  static override summary = 'Write the whole log as JSON lines, its signed head last (admin)';
  static override description =
    'Without a file, the lines go to standard output. The export is checked as it arrives; the file exists only ' +
    'once it is complete.';
  static override examples = [
    '<%= config.bin %> audit export log.jsonl',
    '<%= config.bin %> audit export | gzip > log.jsonl.gz',
  ];
  static override args = {
    file: Args.string({ description: 'file to write; it is replaced if it is there', ignoreStdin: true }),
  };

  async run() {
    const { args, flags } = await this.parse(AuditExport);
    const { file } = args;
    if (file === undefined && this.jsonEnabled()) {
      throw new UsageError('with --json the lines need a file', 'gstacks audit export log.jsonl --json');
    }
    const { client, context } = await this.connect(flags);
    const { publicKey } = await showAuditKey({ client });
    const keys = [parsePublicKey(publicKey, 'the answer of the control plane')];
    const interruption = new AbortController();
    process.once('SIGINT', () => interruption.abort(new InterruptedError('INTERRUPTED', 'interrupted')));
    const receive = (take: Take) =>
      verifyExport(passedOn(download(context, PATH, CONTENT_TYPE, interruption.signal), take), keys);
    if (file === undefined) {
      return headOf(await receive(toStandardOutput));
    }
    const head = await intoFile(file, receive);
    this.screen.line(`${file}: ${head.position} events, and their signed head`, 'good');
    return { file, head };
  }
}

async function* passedOn(bytes: AsyncIterable<Uint8Array>, take: Take): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    await take(chunk);
    yield chunk;
  }
}

function toStandardOutput(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** The former file stays until the new one is whole. */
async function intoFile(file: string, receive: (take: Take) => Promise<VerifiedExport>) {
  const unfinished = `${file}.part`;
  const failed = (error: unknown) => {
    throw writeErrorOf(unfinished, fileError(unfinished, error));
  };
  const handle = await open(unfinished, 'w', 0o600).catch(failed);
  try {
    const head = headOf(
      await receive(async (bytes) => {
        await handle.write(bytes).catch(failed);
      }),
    );
    await handle.sync();
    await handle.close();
    await rename(unfinished, file).catch(failed);
    return head;
  } catch (error) {
    await handle.close();
    await rm(unfinished, { force: true });
    throw error;
  }
}

function headOf({ found, head }: VerifiedExport) {
  if (found.kind === 'intact' && head !== null) return head;
  const detail = found.kind === 'broken' ? `${found.detail} (${found.problem})` : 'no head';
  throw new RefusedHereError(
    'EXPORT_BROKEN',
    `the export ends at event ${found.kind === 'broken' ? found.position : 0}: ${detail}`,
    'see what is wrong with the log: gstacks audit verify',
  );
}

function fileError(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code === 'ENOSPC' || error.code === 'EDQUOT')
    return error;
  return new UsageError(
    `${file} cannot be written: ${error.message}`,
    'name a file in a folder that you can write to',
    'FILE_UNWRITABLE',
  );
}
