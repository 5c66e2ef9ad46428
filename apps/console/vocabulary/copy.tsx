import { useState } from 'react';

/** Copies a text to the clipboard and shows whether that worked. */
export function CopyButton({ text, what = 'copy' }: { readonly text: string; readonly what?: string }) {
  const [said, setSaid] = useState(what);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('copied');
    } catch {
      // Browsers have no clipboard without a secure context (http on another host than localhost).
      setSaid('select it');
    }
    setTimeout(() => setSaid(what), 2_000);
  };
  return (
    <button type="button" className="copy" onClick={() => void copy()}>
      {said}
    </button>
  );
}
