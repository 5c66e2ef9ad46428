const SECOND_MS = 1_000;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `0.4 s`, `12 s`, `4 min 47 s`, `3 h 12 min`, `2 days`: a duration. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / SECOND_MS;
  if (seconds < 1) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.floor(seconds);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return twoParts(whole, MINUTE, 'min', 1, 's');
  if (whole < DAY) return twoParts(whole, HOUR, 'h', MINUTE, 'min');
  const days = Math.floor(whole / DAY);
  return days === 1 ? '1 day' : `${days} days`;
}

function twoParts(seconds: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((seconds % large) / small);
  const head = `${Math.floor(seconds / large)} ${largeUnit}`;
  return rest === 0 ? head : `${head} ${rest} ${smallUnit}`;
}

/** `14:02:40`; with the date if it is not the day of `now`. */
export function clockTime(at: number, now: number): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString('en-GB');
  return date.toDateString() === new Date(now).toDateString() ? time : `${isoDate(date)} ${time}`;
}

function isoDate(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `1 rule`, `2 rules`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
