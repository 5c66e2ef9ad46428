import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';

/**
 * From now on, stacks name the sources of this file instead of its own lines. Its source map is in `<file>.map`, and is
 * parsed for the first stack that needs it. Node does this only for files that it has loaded itself.
 */
export function mapStacks(file: string): void {
  let map: SourceMap | null = null;
  const origin = (line: number, column: number): string => {
    map ??= new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
    const found = map.findOrigin(line, column);
    if (!('fileName' in found)) return `${file}:${line}:${column}`;
    return `${resolve(dirname(file), found.fileName)}:${found.lineNumber}:${found.columnNumber}`;
  };
  Error.prepareStackTrace = (error, calls) => {
    const lines = calls.map((call) => {
      const [line, column] = [call.getLineNumber(), call.getColumnNumber()];
      if (call.getFileName() !== file || line === null || column === null) return String(call);
      return String(call).replace(`${file}:${line}:${column}`, () => origin(line, column));
    });
    return [Error.prototype.toString.call(error), ...lines.map((line) => `    at ${line}`)].join('\n');
  };
}
