/** A setting that a program reads from an environment variable. docs/settings.md is written from these declarations. */
export interface Setting<Usual = unknown> {
  readonly variable: string;
  /** The value in force while the variable is unset or empty. */
  readonly usual: Usual;
  /** The default as docs/settings.md shows it. */
  readonly shownDefault: string;
  readonly meaning: string;
}

export interface NumberSetting extends Setting<number> {
  readonly least: number;
  readonly most: number;
}

/** A setting with a default; `shownDefault` where the value alone does not say it. */
export function setting<Usual extends string | boolean>(
  variable: string,
  usual: Usual,
  meaning: string,
  shownDefault = `\`${usual}\``,
): Setting<Usual> {
  return { variable, usual, meaning, shownDefault };
}

/** A setting whose variable may stay unset; `shownDefault` says what happens then. */
export function optionalSetting(variable: string, meaning: string, shownDefault = 'none'): Setting<null> {
  return { variable, usual: null, meaning, shownDefault };
}

/** A setting without which the program ends. */
export function neededSetting(variable: string, meaning: string): Setting<null> {
  return optionalSetting(variable, meaning, 'needed');
}

/** A whole number from `least` to `most`; the unit is in the meaning. */
export function numberSetting(
  variable: string,
  { usual, least, most }: { readonly usual: number; readonly least: number; readonly most: number },
  meaning: string,
): NumberSetting {
  return { variable, usual, least, most, meaning: `${meaning}. ${least} to ${most}`, shownDefault: `\`${usual}\`` };
}

/** Of every program that opens TLS connections. */
export const CA_FILE = optionalSetting(
  'GLOBALSTACKS_CA_FILE',
  "PEM file of certificate authorities to trust besides Node's, for `https://` and `tls://` servers",
);

/** Of every program that logs. */
export const LOG_LEVEL = setting('GLOBALSTACKS_LOG_LEVEL', 'info', 'Least level that is logged: `trace` to `error`');
