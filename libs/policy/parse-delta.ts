import { InvalidInputError } from '#libs/contracts/errors.js';
import { parseAliasName, parseRuleId, parseSandboxId } from '#libs/contracts/ids.js';
import { type FieldParser, listOf, parseMembers } from '#libs/contracts/json-fields.js';
import { NETWORK_LIMITS } from './limits.js';
import {
  parseAlias,
  parseEgressRule,
  parseHead,
  parseRule,
  parseSandbox,
  SnapshotInvalidError,
} from './parse-snapshot.js';
import type { ListChange, SnapshotDelta } from './snapshot-delta.js';

const DELTA_FORMAT = 1;
const DELTA_FIELDS = ['format', 'head', 'sandboxes', 'aliases', 'rules', 'egress'] as const;

/**
 * Parses a delta from untrusted JSON; its elements have the same form as in a snapshot. Whether it leads to the right
 * snapshot is checked by that snapshot's hash. Throws SnapshotInvalidError.
 */
export function parseDelta(value: unknown): SnapshotDelta {
  try {
    const { format, head, sandboxes, aliases, rules, egress } = parseMembers(value, 'delta', DELTA_FIELDS);
    if (format !== DELTA_FORMAT) throw new InvalidInputError('delta.format', format, `format ${DELTA_FORMAT}`);
    return {
      format: DELTA_FORMAT,
      head: parseHead(head, 'delta.head'),
      sandboxes: changeOf(parseSandboxId, parseSandbox, NETWORK_LIMITS.sandboxes)(sandboxes, 'delta.sandboxes'),
      aliases: changeOf(parseAliasName, parseAlias, NETWORK_LIMITS.aliases)(aliases, 'delta.aliases'),
      rules: changeOf(parseRuleId, parseRule, NETWORK_LIMITS.rules)(rules, 'delta.rules'),
      egress: changeOf(parseRuleId, parseEgressRule, NETWORK_LIMITS.egressRules)(egress, 'delta.egress'),
    };
  } catch (error) {
    if (error instanceof InvalidInputError) throw new SnapshotInvalidError(error.message);
    throw error;
  }
}

function changeOf<Id, Element>(
  parseId: FieldParser<Id>,
  parseElement: FieldParser<Element>,
  most: number,
): FieldParser<ListChange<Id, Element>> {
  return (value, field) => {
    const { gone, put } = parseMembers(value, field, ['gone', 'put']);
    return {
      gone: listOf(parseId, most)(gone, `${field}.gone`),
      put: listOf(parseElement, most)(put, `${field}.put`),
    };
  };
}
