import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compressedFiles } from './compressed-files.js';

const CLONE = fileURLToPath(new URL('../../', import.meta.url));
const BUILT = `${CLONE}dist/console`;

/**
 * Builds what the control plane serves from dist/console; no file names a host, and nothing is written into the page's
 * HTML.
 */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  cacheDir: `${CLONE}.cache/vite`,
  resolve: { alias: [{ find: /^#libs\/(.*)$/, replacement: `${CLONE}libs/$1` }] },
  plugins: [react(), compressedFiles(BUILT)],
  worker: { format: 'es' },
  build: {
    outDir: BUILT,
    emptyOutDir: true,
    // The polyfill is an inline script for old browsers, which the content security policy refuses.
    modulePreload: { polyfill: false },
    // Inlined fonts would need `data:` in the content security policy.
    assetsInlineLimit: 0,
  },
});
