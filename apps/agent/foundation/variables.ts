import { isAbsolute, resolve } from 'node:path';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import { wholeNumber } from '#libs/contracts/values.js';
import { parseEndpoint } from '#libs/data-plane/dns/endpoint.js';
import type { NumberSetting, Setting } from '#libs/program/setting.js';

/** Environment variables by name. An empty one counts as unset. */
export type Environment = { readonly [name: string]: string | undefined };

/** A variable that the agent needs is not set. */
export class SettingMissingError extends CodedError {}

/** Reads the variables of settings. Errors name the variable. */
export interface Variables {
  /** null: unset. Errors: those of the parser. */
  read<T>(setting: Setting, parse: FieldParser<T>): T | null;
  /** `remedy`: what to do where it is not set. Errors: SettingMissingError, those of the parser. */
  need<T>(setting: Setting, parse: FieldParser<T>, remedy?: string): T;
  /** Its default if unset. Error: InvalidInputError. */
  number(setting: NumberSetting): number;
}

export function variablesOf(environment: Environment): Variables {
  const read = <T>({ variable }: Setting, parse: FieldParser<T>): T | null => {
    const value = environment[variable];
    return value === undefined || value === '' ? null : parse(value, variable);
  };
  return {
    read,
    number: (setting) => read(setting, wholeNumber(setting.least, setting.most)) ?? setting.usual,
    need(setting, parse, remedy = `set ${setting.variable}; see docs/settings.md`) {
      const value = read(setting, parse);
      if (value !== null) return value;
      throw new SettingMissingError('SETTING_MISSING', `${setting.variable} is not set`, remedy);
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
