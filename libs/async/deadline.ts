/**
 * Calls `passed` after this many milliseconds, unless it is cancelled before. A process that was held up runs its
 * timers before it reads its sockets and would mistake unread data for silence, so sockets are read once more first.
 * Returns the function that cancels.
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
