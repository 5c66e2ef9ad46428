const RFC3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The fault of a log line; null: none. All processes have one form (libs/program/log.ts). */
export function faultOfLogLine(line: string): string | null {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    return 'is not JSON';
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return 'is not an object';
  const { level, time, process, message } = fields as { readonly [field: string]: unknown };
  if (!Number.isInteger(level)) return 'has no level';
  if (typeof time !== 'string' || !RFC3339_UTC.test(time)) return 'has no time in UTC';
  if (typeof process !== 'string') return 'does not name its process';
  if (typeof message !== 'string') return 'has no message';
  if ('msg' in fields) return 'has another key for its message';
  const twice = repeatedKey(line);
  return twice === null ? null : `has the key ${twice} twice`;
}

/** A key that an object of this JSON has twice. JSON.parse silently keeps the last of them. */
export function repeatedKey(json: string): string | null {
  const open: Set<string>[] = [];
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token.endsWith(':')) {
      const keys = open.at(-1);
      if (keys?.has(token)) return token;
      keys?.add(token);
    }
  }
  return null;
}
