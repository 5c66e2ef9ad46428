import { expect } from 'chai';
import { DeclaredRoutes } from '#apps/control-plane/api/declared-routes.js';

describe('the methods that a path takes', () => {
  const routes = new DeclaredRoutes();
  routes.add('GET', '/v1/networks');
  routes.add(['POST', 'HEAD'], '/v1/networks');
  routes.add('DELETE', '/v1/networks/:network');
  routes.add('GET', '/v1/networks/:network/rules/:ruleId');
  routes.add('GET', '/v1/openapi.json');
  routes.add('GET', '/*');

  for (const [url, methods] of [
    ['/v1/networks', ['GET', 'HEAD', 'POST']],
    ['/v1/networks?limit=1', ['GET', 'HEAD', 'POST']],
    ['/v1/networks/dev', ['DELETE']],
    ['/v1/networks/dev/rules/rule-1', ['GET']],
    ['/v1/networks/dev/rules', []],
    ['/v1/networks/', []],
    ['/v1/openapiXjson', []],
    ['/elsewhere', []],
  ] as const) {
    it(`${url}: ${methods.join(', ') || 'no route has it'}`, () => {
      expect(routes.methodsOf(url)).to.deep.equal(methods);
    });
  }
});
