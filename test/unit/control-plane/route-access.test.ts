import 'reflect-metadata';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RequestMethod } from '@nestjs/common';
import { expect } from 'chai';
import { ROUTE_ACCESS, ROUTE_FOR_JOINERS } from '#apps/control-plane/http/route.js';
import { CLONE } from '#test/support/clone.js';

/** Every route of the control plane and the lowest role that it requires; `+joiner`: a joiner may use it too. */
const ROUTES = `
admin DELETE /v1/agents/:agentId
admin DELETE /v1/networks/:network/quarantine
admin DELETE /v1/tokens/:tokenId
admin GET /v1/audit/export
admin GET /v1/audit/verification
admin GET /v1/epochs/next
admin GET /v1/keys
admin POST /v1/keys/:key/rotation
admin GET /v1/tokens
admin POST /v1/agents/enrollment-tokens
admin POST /v1/epochs
admin POST /v1/mesh/diagnosis
admin POST /v1/networks/:network/quarantine
admin POST /v1/tokens
operations GET /healthz
operations GET /metrics
operations GET /readyz
operations GET /v1/openapi.json
operator DELETE /v1/local-nodes/:nodeId
operator DELETE /v1/networks/:network
operator DELETE /v1/networks/:network/aliases/:alias
operator DELETE /v1/networks/:network/attachments/:sandboxId
operator DELETE /v1/networks/:network/egress-rules/:ruleId
operator DELETE /v1/networks/:network/policy-tests/:testId
operator DELETE /v1/networks/:network/rules/:ruleId
operator DELETE /v1/sandboxes/:sandboxId/pin
operator PATCH /v1/sandboxes/:sandboxId/labels
operator POST /v1/networks
operator POST /v1/networks/:network/aliases
operator POST /v1/networks/:network/attachments
operator POST /v1/networks/:network/attachments/:sandboxId/reattach
operator POST /v1/networks/:network/egress-rules
operator POST /v1/networks/:network/policy-tests
operator POST /v1/networks/:network/reverts
operator POST /v1/networks/:network/rules
operator POST /v1/networks/:network/rules/batch
operator POST /v1/sandboxes/:sandboxId/pin
operator POST /v1/sandboxes/:sandboxId/release
operator PUT /v1/networks/:network/declaration
operator+joiner POST /v1/local-nodes/:nodeId/leave
operator+joiner POST /v1/local-nodes/:nodeId/mesh-keys
operator+joiner POST /v1/networks/:network/local-nodes
public POST /v1/agent-credentials
public POST /v1/agent-enrollments
public POST /v1/agent-mesh-keys
public POST /v1/sessions
viewer DELETE /v1/session
viewer DELETE /v1/sessions
viewer DELETE /v1/sessions/:sessionId
viewer GET /v1/agents
viewer GET /v1/agents/:agentId
viewer GET /v1/audit/key
viewer GET /v1/events
viewer GET /v1/local-nodes
viewer GET /v1/local-nodes/:nodeId
viewer GET /v1/networks
viewer GET /v1/networks/:network
viewer GET /v1/networks/:network/aliases
viewer GET /v1/networks/:network/aliases/:alias/resolution
viewer GET /v1/networks/:network/applied/:version
viewer GET /v1/networks/:network/attachments
viewer GET /v1/networks/:network/changes
viewer GET /v1/networks/:network/declaration
viewer GET /v1/networks/:network/denied-names
viewer GET /v1/networks/:network/diff
viewer GET /v1/networks/:network/egress-rules
viewer GET /v1/networks/:network/explanation
viewer GET /v1/networks/:network/flows
viewer GET /v1/networks/:network/held/:version
viewer GET /v1/networks/:network/history
viewer GET /v1/networks/:network/policy-tests
viewer GET /v1/networks/:network/reachability
viewer GET /v1/networks/:network/rules
viewer GET /v1/networks/:network/status
viewer GET /v1/networks/:network/verdict
viewer GET /v1/networks/:network/verdict-turns
viewer GET /v1/sandboxes
viewer GET /v1/sandboxes/:sandboxId
viewer GET /v1/sessions
viewer POST /v1/networks/:network/declaration/preview
viewer POST /v1/networks/:network/previews
viewer POST /v1/networks/:network/tests
viewer POST /v1/sign-in-codes
viewer+joiner GET /v1/session
`;

/** The decorators of each method of a class that Nest would serve. */
function routesOf(controller: unknown): string[] {
  if (typeof controller !== 'function' || !Reflect.hasMetadata('path', controller)) return [];
  const prototype: object = controller.prototype;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler: unknown = Reflect.get(prototype, name);
    if (typeof handler !== 'function' || !Reflect.hasMetadata('method', handler)) return [];
    const access: unknown = Reflect.getMetadata(ROUTE_ACCESS, handler);
    const joiners = Reflect.getMetadata(ROUTE_FOR_JOINERS, handler) === true ? '+joiner' : '';
    const method = RequestMethod[Number(Reflect.getMetadata('method', handler))];
    const parts = [Reflect.getMetadata('path', controller), Reflect.getMetadata('path', handler)];
    const path = parts.map(String).filter((part) => part !== '/' && part !== '');
    return [`${String(access ?? 'nobody')}${joiners} ${method} /${path.join('/')}`];
  });
}

describe('the roles of routes', () => {
  it('are declared by every route of every controller', async () => {
    const folder = join(CLONE, 'apps/control-plane');
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.controller.ts'));
    const found: string[] = [];
    for (const file of files) {
      const compiled = join(CLONE, 'dist/apps/control-plane', file.replace(/\.ts$/, '.js'));
      const exported: object = await import(pathToFileURL(compiled).href);
      found.push(...Object.values(exported).flatMap(routesOf));
    }
    expect(found.sort()).to.deep.equal(ROUTES.trim().split('\n').sort());
  });
});
