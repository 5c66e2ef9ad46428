import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { networkQuery } from '../api/queries.js';
import type { Intent } from '../api/shapes.js';
import { counted } from '../vocabulary/times.js';
import { PreviewPanel } from './preview-panel.js';
import { SendRow } from './send-row.js';
import { usePreview } from './use-preview.js';
import { type NetworkWrite, useWrite, type WriteHeaders } from './use-write.js';
import { WriteTrouble } from './write-trouble.js';

interface Props {
  readonly network: string;
  readonly intent: Intent;
  readonly label: string;
  /** The subject in the words of `gstacks`. */
  readonly text: string;
  /** Further details in words. */
  readonly more?: string;
  readonly verb: string;
  readonly summary: string;
  readonly words: readonly string[];
  readonly send: (headers: WriteHeaders) => Promise<NetworkWrite>;
  readonly close: () => void;
  readonly done?: () => void;
  /** What has to be typed before sending, for writes that lose everything of something. */
  readonly toType?: string;
}

/** Confirms a write that takes something away: shows what it will cut, and names it on the button. */
export function ConfirmWrite({
  network,
  intent,
  label,
  text,
  more,
  verb,
  summary,
  words,
  send,
  close,
  done,
  toType,
}: Props) {
  const preview = usePreview(network, intent);
  const version = useQuery(networkQuery(network)).data?.version ?? null;
  const writer = useWrite();
  const [typed, setTyped] = useState('');
  const cut = preview.data?.cuts.cut ?? 0;
  const write = (seen: number | null): void =>
    void writer.send({
      seen: seen ?? preview.data?.version ?? version,
      summary,
      send,
      done: () => {
        close();
        done?.();
      },
    });
  const isReady = toType === undefined || typed === toType;
  return (
    <form
      className="composer"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) write(null);
      }}
    >
      <div className="fields">
        <p>
          {verb}: <span className="mono anywhere">{text}</span>
          {more}
        </p>
        {toType !== undefined && (
          <label className="field">
            Type {toType} to go on
            <input
              className="input"
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
        )}
      </div>
      <PreviewPanel network={network} preview={preview} intent={intent} />
      <WriteTrouble network={network} state={writer.state} again={write} discard={close} />
      <SendRow
        verb={cut > 0 ? `${verb} and cut ${counted(cut, 'connection')}` : verb}
        isCut
        isReady={isReady && writer.state.kind !== 'sending'}
        close={close}
        words={words}
      />
    </form>
  );
}
