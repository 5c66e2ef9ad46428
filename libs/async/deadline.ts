/**
 * Calls `passed` when nobody has cancelled for so many milliseconds. A process that was held up runs its timers before
 * it reads its sockets, and would take for silence what lies unread: so the sockets are read once more first. Returns
 * what cancels it.
 */
export function setDeadline(milliseconds: number, passed: () => void): () => void {
  let last: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    last = setImmediate(passed);
  }, milliseconds);
  return () => {
    clearTimeout(timer);
    clearImmediate(last);
  };
}
