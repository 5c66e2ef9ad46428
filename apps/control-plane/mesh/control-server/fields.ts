import type { JsonObject, RestClient } from './rest.js';

/** Reads members of an answer. Errors name the missing member but never quote a value, which may be a key. */
export function text(rest: RestClient, object: JsonObject, member: string): string {
  const value = object[member];
  if (typeof value !== 'string' || value === '') throw rest.unreadable(`it has no ${member}`);
  return value;
}

export function time(rest: RestClient, object: JsonObject, member: string): Date {
  const date = new Date(text(rest, object, member));
  if (Number.isNaN(date.getTime())) throw rest.unreadable(`its ${member} is no time`);
  return date;
}

export function optionalTime(value: unknown): Date | null {
  const date = typeof value === 'string' && value !== '' ? new Date(value) : null;
  return date === null || Number.isNaN(date.getTime()) ? null : date;
}

export function optionalObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

export function objects(rest: RestClient, answer: JsonObject, member: string): readonly JsonObject[] {
  const list = answer[member];
  if (!Array.isArray(list)) throw rest.unreadable(`there is no list of ${member} in it`);
  return list.map((item) => {
    const object = optionalObject(item);
    if (object === null) throw rest.unreadable(`its list of ${member} has entries of another kind`);
    return object;
  });
}

export function addresses(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((address) => typeof address === 'string') : [];
}
