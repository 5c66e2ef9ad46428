import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { withCommands } from '#apps/console/vocabulary/commands-in-text.js';
import { CLONE } from './clone.js';
import { SAMPLES } from './command-samples.js';

/** A command of gstacks in a text of a program, of the API or of the console. */
export interface PrintedCommand {
  /** `apps/cli/write-command.ts:88`. */
  readonly place: string;
  /** As a person would type it: parts that the program fills in are samples, or `{expression}` without a sample. */
  readonly typed: string;
}

const PROGRAMS = ['apps', 'libs', 'scripts'];
const SOURCE = /\.(ts|tsx|mjs)$/;
const GENERATED = /^libs\/api-client\//;

/** Every command in the programs' texts, found as the console finds commands in received texts. */
export function printedCommands(): readonly PrintedCommand[] {
  return printedTextsOf().flatMap(({ place, text }) => typedIn(text).map((typed) => ({ place, typed })));
}

let texts: readonly PrintedText[] | null = null;

/** Texts of the programs that may contain a command. */
export function printedTextsOf(): readonly PrintedText[] {
  texts ??= sourceFiles().flatMap((file) => {
    const text = readFileSync(join(CLONE, file), 'utf8');
    if (!/gstacks |config\.bin|npm /.test(text)) return [];
    return printedTexts(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  });
  return texts;
}

/** Commands of gstacks in one text. */
function typedIn(text: string): readonly string[] {
  return withCommands(text.replaceAll('<%= config.bin %>', 'gstacks')).flatMap((piece) =>
    typeof piece !== 'string' && piece.typed.startsWith('gstacks ') ? [piece.typed] : [],
  );
}

function sourceFiles(): readonly string[] {
  return PROGRAMS.flatMap((folder) =>
    readdirSync(join(CLONE, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name}`)
      .filter((name) => SOURCE.test(name) && !GENERATED.test(name)),
  );
}

interface PrintedText {
  readonly place: string;
  readonly text: string;
}

/** Comments are not nodes, and module names are not texts. */
function printedTexts(source: ts.SourceFile): readonly PrintedText[] {
  const found: PrintedText[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    const text = textOf(node, source);
    if (text === null) {
      ts.forEachChild(node, visit);
      return;
    }
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    found.push({ place: `${source.fileName}:${line + 1}`, text });
    visitTaken(node);
  };
  // A template may contain further texts: `${isFull ? 'make room' : 'wait'}`.
  const visitTaken = (text: ts.Node): void => {
    if (ts.isTemplateExpression(text)) for (const { expression } of text.templateSpans) visit(expression);
    if (!ts.isBinaryExpression(text)) return;
    for (const part of [text.left, text.right]) textOf(part, source) === null ? visit(part) : visitTaken(part);
  };
  visit(source);
  return found;
}

/** null: the node is not a text. */
function textOf(node: ts.Node, source: ts.SourceFile): string | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isJsxText(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.map(({ expression, literal }) => `${taken(expression, source)}${literal.text}`);
    return node.head.text + spans.join('');
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textOf(node.left, source), textOf(node.right, source)];
    if (left === null && right === null) return null;
    return (left ?? taken(node.left, source)) + (right ?? taken(node.right, source));
  }
  return null;
}

/** A sample value of the expression, or its source in braces. */
function taken(expression: ts.Expression, source: ts.SourceFile): string {
  const text = expression.getText(source).replace(/\s+/g, '');
  return SAMPLES[`${source.fileName} ${text}`] ?? SAMPLES[text] ?? `{${text.replace(/[^\w.]/g, '')}}`;
}
