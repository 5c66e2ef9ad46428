import { readFileSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml';
import {
  type Declaration,
  parseDeclaredEgress,
  parseDeclaredRules,
  parseDeclaredSandboxes,
} from '#libs/contracts/declarations.js';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { type NetworkName, parseNetworkName } from '#libs/contracts/ids.js';
import { parseSomeMembers, textUpTo } from '#libs/contracts/json-fields.js';

/** The file cannot be read, is not YAML, or declares what cannot be. Nothing was sent. */
export class DeclarationFileError extends CodedError {}

export interface DeclarationFile {
  readonly network: NetworkName;
  /** Names outside as they stand in the file: the control plane reads them. */
  readonly declaration: Declaration<string>;
  /** Where a member such as `rules[3].from` stands: `network.yaml:12:11`; null: it has no place in the file. */
  readonly placeOf: (path: string) => string | null;
}

const FILE_MEMBERS = ['sandboxes', 'rules', 'egress'] as const;
const MOST_NAME_CHARACTERS = 1_000;

/** Reads and checks the whole file; `-` is standard input. Throws DeclarationFileError. */
export function readDeclarationFile(path: string): DeclarationFile {
  const name = path === '-' ? 'standard input' : path;
  const lines = new LineCounter();
  const document = parseDocument(textOf(path, name), { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) {
    throw new DeclarationFileError('NOT_YAML', `${placeAt(fault.pos[0])}: ${fault.message}`, `correct ${name}`);
  }
  try {
    const members = parseSomeMembers(plainValue(document), '', ['network'], FILE_MEMBERS);
    const { network, sandboxes = [], rules = [], egress = [] } = members;
    return {
      network: parseNetworkName(network, 'network'),
      declaration: {
        sandboxes: parseDeclaredSandboxes(sandboxes, 'sandboxes'),
        rules: parseDeclaredRules(rules, 'rules'),
        egress: parseDeclaredEgress(textUpTo(MOST_NAME_CHARACTERS))(egress, 'egress'),
      },
      placeOf: (member) => {
        const offset = offsetOf(document, member, false);
        return offset === null ? null : placeAt(offset);
      },
    };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const offset = offsetOf(document, error.field, error.code === 'UNKNOWN_FIELD') ?? 0;
    throw new DeclarationFileError(error.code, `${placeAt(offset)}: ${error.message}`, error.remedy);
  }
}

function textOf(path: string, name: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const { code = 'UNKNOWN' } = error as NodeJS.ErrnoException;
    throw new DeclarationFileError(
      'FILE_UNREADABLE',
      code === 'ENOENT' ? `there is no file ${name}` : `${name} cannot be read: ${code}`,
      'give the file that declares the network: gstacks apply -f network.yaml',
    );
  }
}

/** The document as plain values. A file that repeats itself through YAML's anchors beyond reason is refused. */
function plainValue(document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new InvalidInputError(
      'the file',
      error instanceof Error ? error.message : error,
      'YAML without such anchors',
    );
  }
}

/** Where a member stands, or the innermost one around it that is there. `ofKey`: where its name stands. */
function offsetOf(document: Document, path: string, ofKey: boolean): number | null {
  const names = path.split(/[.[\]]+/).filter((name) => name !== '');
  let node: Node | null = isNode(document.contents) ? document.contents : null;
  let offset = node?.range?.[0] ?? null;
  for (const [index, name] of names.entries()) {
    const holder: Node | undefined = isAlias(node) ? node.resolve(document) : (node ?? undefined);
    let found: unknown;
    if (isMap(holder)) {
      const pair = holder.items.find(({ key }) => isScalar(key) && String(key.value) === name);
      const isLast = index === names.length - 1;
      found = ofKey && isLast ? pair?.key : (pair?.value ?? pair?.key);
    } else if (isSeq(holder)) found = holder.items[Number(name)];
    if (!isNode(found)) return offset;
    node = found;
    offset = node.range?.[0] ?? offset;
  }
  return offset;
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isCollection(value) || isAlias(value);
}
