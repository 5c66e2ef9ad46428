/**
 * The client is a copy of the document: never edited by hand, and compared with a fresh one in CI. Its run time is
 * the generator's, written for looser compiler options than ours, so it is compiled and not checked; the types that
 * callers see are checked where they are used.
 */
export default {
  input: 'libs/api-client/openapi.json',
  output: {
    path: 'libs/api-client/generated',
    module: { extension: '.js' },
    header: ({ defaultValue }) => ['// @ts-nocheck', ...defaultValue],
  },
  plugins: [
    // A call answers with the body, or throws: what the fetch it was given threw.
    { name: '@hey-api/client-fetch', throwOnError: true },
    '@hey-api/typescript',
    { name: '@hey-api/sdk', responseStyle: 'data' },
  ],
};
