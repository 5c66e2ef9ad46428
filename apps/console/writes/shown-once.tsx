import type { ReactNode } from 'react';
import { CopyButton } from '../vocabulary/copy.js';
import { Said } from '../vocabulary/state.js';
import { wordOf } from '../vocabulary/words.js';

interface Props {
  /** Its owner, and how long it is valid. */
  readonly about: ReactNode;
  readonly secret: string;
  readonly children?: ReactNode;
}

/** A new secret. The control plane keeps only its hash, and this page keeps it until it is closed. */
export function ShownOnce({ about, secret, children }: Props) {
  return (
    <section className="shown-once" aria-label="Shown once">
      <p className="line">
        <Said word={{ ...wordOf('pass'), text: 'made' }} />
        <span className="anywhere">{about}</span>
      </p>
      <div className="command-line">
        <span className="text anywhere">{secret}</span>
        <CopyButton text={secret} />
      </div>
      <p className="remark">Shown once: copy it before you close this. Nobody can show it again.</p>
      {children}
    </section>
  );
}
