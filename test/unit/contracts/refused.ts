import { expect } from 'chai';
import { InvalidInputError } from '#libs/contracts/errors.js';

/** Asserts that a parser's refusal names the field, a code, and what would be accepted. */
export function refused(parse: () => unknown, field: string, code = 'INVALID_INPUT'): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    expect(error).to.include({ field, code });
    expect(error.message).to.match(/^\S+( is missing|: .* is not valid); expected \S/);
    expect(error.remedy).to.be.a('string').and.not.be.empty;
    return;
  }
  expect.fail('it was accepted');
}

/** A value as a test title can show it. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
};
