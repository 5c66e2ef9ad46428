import { type AliasPort, parseAliasPorts } from '#libs/contracts/ports.js';

/** Parses typed ports such as `8080, 80:8080`. Throws InvalidInputError. */
export function parsePortsText(text: string): readonly AliasPort[] {
  return parseAliasPorts(portWords(text), 'ports');
}

/** Splits it into words in the form of the API and the command line. */
export function portWords(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
