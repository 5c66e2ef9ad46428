import { isAbsolute, resolve } from 'node:path';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { type FieldParser } from '#libs/contracts/json-fields.js';
import { parseEndpoint } from '#libs/data-plane/dns/endpoint.js';

/** Environment variables by name. An empty one counts as not set. */
export type Environment = { readonly [name: string]: string | undefined };

/** A variable that must be there is not. */
export class SettingMissingError extends CodedError {}

/** Reads variables, each parsed where it enters. Errors name the variable. */
export interface Variables {
  /** null: not set. Errors: those of the parser. */
  read<T>(variable: string, parse: FieldParser<T>): T | null;
  /** Errors: SettingMissingError, those of the parser. */
  need<T>(variable: string, parse: FieldParser<T>): T;
}

export function variablesOf(environment: Environment): Variables {
  const read = <T>(variable: string, parse: FieldParser<T>): T | null => {
    const value = environment[variable];
    return value === undefined || value === '' ? null : parse(value, variable);
  };
  return {
    read,
    need(variable, parse) {
      const value = read(variable, parse);
      if (value !== null) return value;
      const remedy = `set ${variable}; see docs/architecture.md`;
      throw new SettingMissingError('SETTING_MISSING', `${variable} is not set`, remedy);
    },
  };
}

export const parsePath: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || value.includes('\0')) throw new InvalidInputError(field, value, 'a path');
  return isAbsolute(value) ? value : resolve(value);
};

export const parseDnsAddress: FieldParser<string> = (value, field) => {
  parseEndpoint(value, field);
  return String(value);
};
