import type { ChainedEvent } from './chain-walk.js';
import { parseSignedHead, type SignedHead } from './signed-head.js';

/**
 * The log as JSON lines: a line for each event, in order, and the signed head as the last one. Each event and head has
 * exactly one form as a line, so that a reader can tell any other byte.
 */
export function eventLine({ dataText, metadataText, ...event }: ChainedEvent): string {
  const { position, streamId, streamVersion, type, schemaVersion, actor, commandId } = event;
  const { correlationId, causationId, recordedAt, previousHash, hash } = event;
  const first = { position, streamId, streamVersion, type, schemaVersion, actor, commandId };
  const opened = JSON.stringify({ ...first, correlationId, causationId, recordedAt, previousHash, hash }).slice(0, -1);
  return `${opened},"data":${dataText},"metadata":${metadataText}}`;
}

export function headLine({ epoch, position, hash, at, signature }: SignedHead): string {
  const { counter, id } = epoch;
  return JSON.stringify({ head: { epoch: { counter, id }, position, hash, at, signature } });
}

export type ExportLine =
  | { readonly kind: 'event'; readonly event: ChainedEvent }
  | { readonly kind: 'head'; readonly head: SignedHead };

/** null: it is no line of an export, or not to the byte as it is written. */
export function parseExportLine(line: string): ExportLine | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return null;
    const parsed: ExportLine =
      'head' in value
        ? { kind: 'head', head: parseSignedHead(value.head, 'head') }
        : { kind: 'event', event: eventOf(value) };
    const written = parsed.kind === 'head' ? headLine(parsed.head) : eventLine(parsed.event);
    return written === line ? parsed : null;
  } catch {
    // Not JSON, or a member that is not as it should be.
    return null;
  }
}

/** What is no event gives another line than the one that it was read from. */
function eventOf(value: object): ChainedEvent {
  const { data, metadata, ...event } = value as { readonly data: unknown; readonly metadata: unknown } & ChainedEvent;
  return { ...event, dataText: JSON.stringify(data), metadataText: JSON.stringify(metadata) };
}
