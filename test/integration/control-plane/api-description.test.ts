import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

const run = promisify(execFile);

/** Path within the folder -> text, of every file. */
async function filesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return new Map(files.map((file, index) => [file.slice(folder.length), texts[index] ?? '']));
}

describe('what is generated from the API', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gs-api-'));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  const regenerate = 'run `npm run api-client` and commit what it writes';

  it('the OpenAPI document is that of the code', async () => {
    const fresh = join(folder, 'openapi.json');
    await run(process.execPath, [join(CLONE, 'dist/apps/control-plane/write-openapi.js'), fresh]);
    const kept = await readFile(join(CLONE, 'libs/api-client/openapi.json'), 'utf8');
    expect(await readFile(fresh, 'utf8'), regenerate).to.equal(kept);
  });

  it('the client is that of the document', async () => {
    const generated = join(folder, 'generated');
    const configuration = join(folder, 'openapi-ts.config.mjs');
    await writeFile(
      configuration,
      `import kept from ${JSON.stringify(pathToFileURL(join(CLONE, 'openapi-ts.config.mjs')).href)};
       export default { ...kept, output: { ...kept.output, path: ${JSON.stringify(generated)} } };`,
    );
    const generator = join(CLONE, 'node_modules/@hey-api/openapi-ts/bin/run.js');
    await run(process.execPath, [generator, '--silent', '--file', configuration], { cwd: CLONE });
    const kept = await filesOf(join(CLONE, 'libs/api-client/generated'));
    const fresh = await filesOf(generated);
    expect([...fresh.keys()].sort(), regenerate).to.deep.equal([...kept.keys()].sort());
    for (const [name, text] of fresh) expect(text === kept.get(name), `${name}: ${regenerate}`).to.equal(true);
  });
});
