import { type AliasPort, parseAliasPorts } from '#libs/contracts/ports.js';

/** `8080, 80:8080` as somebody types it. Throws InvalidInputError. */
export function parsePortsText(text: string): readonly AliasPort[] {
  return parseAliasPorts(portWords(text), 'ports');
}

/** The words of it, as the API and the command line take them. */
export function portWords(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
