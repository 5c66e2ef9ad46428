import { stat } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

const PAGE = 'index.html';
/** The names of these files change with their content. */
const HASHED = '/assets/';
/** Paths of the API, where a missing resource is a problem document and never the console's page. */
const NOT_OF_THE_PAGE = /^\/(v1|assets|healthz|readyz|metrics)(\/|$)/;

/**
 * Serves the console from the API's own origin. All of the console's paths get the same page, which shows what the path
 * names. The folder is read at each request, so it may be filled later.
 */
export async function serveConsole(instance: FastifyInstance, folder: string): Promise<void> {
  await instance.register(async (scope) => {
    // The build puts compressed versions beside the files.
    const files = { root: folder, serve: false, preCompressed: true, etag: true, lastModified: false };
    await scope.register(fastifyStatic, files);
    scope.get<{ Params: { '*': string } }>(`${HASHED}*`, (request, reply) =>
      reply.sendFile(`assets/${request.params['*']}`, { immutable: true, maxAge: '365d' }),
    );
    scope.get('/*', async (request, reply) => {
      const path = pathOf(request.url);
      if (path === null || NOT_OF_THE_PAGE.test(path)) return reply.callNotFound();
      if (path !== '/' && (await isFile(join(folder, normalize(path))))) return sendUnhashed(reply, path.slice(1));
      if (!wantsPage(path, request.headers.accept)) return reply.callNotFound();
      if (!(await isFile(join(folder, PAGE))))
        return reply.status(404).type('text/html; charset=utf-8').send(NOT_BUILT);
      return sendUnhashed(reply, PAGE);
    });
  });
}

/** Files that keep their names in the next build: browsers cache them, but revalidate them with their ETag. */
function sendUnhashed(reply: FastifyReply, path: string) {
  return reply.header('cache-control', 'no-cache').sendFile(path, { cacheControl: false });
}

/** The decoded path; null: it cannot be decoded. */
function pathOf(url: string): string | null {
  try {
    return decodeURIComponent(new URL(url, 'http://console').pathname);
  } catch {
    return null;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** A path of the console, unless the request is for a file that does not exist. */
function wantsPage(path: string, accept: string | undefined): boolean {
  return (accept ?? '').includes('text/html') || !/\.[^/]*$/.test(path);
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>GlobalStacks Networks</title>
<h1>The console is not built</h1>
<p>The control plane runs and its API answers. <code>npm start</code> in the clone builds the console; then load this page
again. To serve it from another folder, set <code>GLOBALSTACKS_CONSOLE_DIR</code>.</p>
</html>
`;
