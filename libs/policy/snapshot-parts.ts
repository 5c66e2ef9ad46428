/**
 * Splits a text into parts of at most `maxBytes`, never inside a code point. Each part is sent as a JSON string, and
 * the limit applies to its JSON form, which escapes may make longer.
 */
export function cutIntoParts(text: string, maxBytes: number): readonly string[] {
  if (jsonBytes(text) <= maxBytes) return [text];
  const parts: string[] = [];
  let start = 0;
  while (start < text.length) {
    let end = Math.min(text.length, start + maxBytes);
    while (jsonBytes(text.slice(start, end)) > maxBytes) end = start + Math.max(1, Math.floor((end - start) * 0.75));
    if (isHighSurrogate(text.charCodeAt(end - 1)) && end - start > 1 && end < text.length) end -= 1;
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text), 'utf8');
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
