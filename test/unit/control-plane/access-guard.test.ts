import 'reflect-metadata';
import { SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { expect } from 'chai';
import { DataSource } from 'typeorm';
import { AccessGuard } from '#apps/control-plane/auth/access.guard.js';
import { ApiToken } from '#apps/control-plane/auth/api-token.entity.js';
import { ApiTokens } from '#apps/control-plane/auth/api-tokens.js';
import { ConsoleSessions } from '#apps/control-plane/auth/console-sessions.js';
import { readSettings } from '#apps/control-plane/foundation/settings.js';
import { OpenAnswers } from '#apps/control-plane/http/open-answers.js';
import type { HttpRequest, Principal } from '#apps/control-plane/http/request.js';
import { Idempotent, Operations, Public, Route } from '#apps/control-plane/http/route.js';
import { ROLES, type Role } from '#libs/contracts/roles.js';

const about = { summary: 'Something', answers: String };

/** A route for each access that a route may declare, and one without a declaration. */
class Routes {
  @SetMetadata('another decorator', true)
  undeclared(): void {}
  @Route(about)
  viewer(): void {}
  @Idempotent(about)
  operator(): void {}
  @Route({ ...about, role: 'admin' })
  admin(): void {}
  @Route({ ...about, forJoiners: true })
  viewerAndJoiner(): void {}
  @Idempotent({ ...about, forJoiners: true })
  joining(): void {}
  @Public(about)
  public(): void {}
  @Operations()
  operations(): void {}
}

const database = new DataSource({ type: 'postgres' });
const settings = readSettings({
  GLOBALSTACKS_DATABASE_URL: 'postgres://127.0.0.1/none',
  GLOBALSTACKS_NATS_URL: 'nats://127.0.0.1:4222',
  GLOBALSTACKS_KEYS_DIR: '/none',
});

function principal(role: Role): Principal {
  return { user: 'ada', role, tokenId: 'token', sessionId: null, expiresAt: null, joinNetworks: null };
}

/** Knows the tokens `viewer`, `joiner`, `operator` and `admin`, and `viewer:dev`, which may join the network dev. */
class NamedTokens extends ApiTokens {
  constructor() {
    super(database.getRepository(ApiToken), settings, () => new Date());
  }

  override async recognise(token: string): Promise<Principal | null> {
    const [name, network] = token.split(':');
    const role = ROLES.find((known) => known === name);
    if (role === undefined) return null;
    return { ...principal(role), joinNetworks: network === undefined ? null : [network] };
  }
}

/** Knows the secret `s`, of an admin. */
class OneSession extends ConsoleSessions {
  constructor() {
    super(database, new OpenAnswers(), settings, () => new Date());
  }

  override async recognise(secret: string): Promise<Principal | null> {
    return secret === 's' ? { ...principal('admin'), sessionId: 'session' } : null;
  }
}

const guard = new AccessGuard(new Reflector(), new NamedTokens(), new OneSession());

async function use(route: keyof Routes, request: Partial<HttpRequest>): Promise<string> {
  const asked: HttpRequest = { id: '1', ip: '127.0.0.1', method: 'GET', url: '/', headers: {}, ...request };
  const context = new ExecutionContextHost([asked, null], Routes, Routes.prototype[route]);
  try {
    return (await guard.canActivate(context)) ? `let in as ${asked.principal?.role ?? 'nobody'}` : 'kept out';
  } catch (error) {
    return String(Reflect.get(Object(error), 'code'));
  }
}

const as = (role: string): Partial<HttpRequest> => ({ headers: { authorization: `Bearer ${role}` } });

describe('whether a request may use a route', () => {
  const mayUse: { readonly [route in keyof Routes]: readonly Role[] } = {
    undeclared: [],
    viewer: ['viewer', 'operator', 'admin'],
    operator: ['operator', 'admin'],
    admin: ['admin'],
    viewerAndJoiner: ['viewer', 'joiner', 'operator', 'admin'],
    joining: ['joiner', 'operator', 'admin'],
    public: [],
    operations: [],
  };
  for (const route of ['undeclared', 'viewer', 'operator', 'admin', 'viewerAndJoiner', 'joining'] as const) {
    it(`${route}: ${mayUse[route].join(', ') || 'nobody'}`, async () => {
      for (const role of ROLES) {
        const refused = route === 'joining' ? 'JOIN_NOT_ALLOWED' : 'FORBIDDEN';
        const expected = mayUse[route].includes(role) ? `let in as ${role}` : refused;
        expect(await use(route, as(role)), role).to.equal(expected);
      }
      expect(await use(route, {}), 'without a token').to.equal('UNAUTHENTICATED');
      expect(await use(route, as('unknown')), 'with a token that is not known').to.equal('UNAUTHENTICATED');
    });
  }

  const joins: readonly (readonly [route: keyof Routes, token: string, network: string | null, outcome: string])[] = [
    ['joining', 'viewer:dev', 'dev', 'let in as viewer'],
    ['joining', 'viewer:dev', 'prod', 'JOIN_NOT_ALLOWED'],
    ['joining', 'joiner:dev', 'dev', 'let in as joiner'],
    ['joining', 'joiner:dev', 'prod', 'JOIN_NOT_ALLOWED'],
    ['joining', 'joiner', 'prod', 'let in as joiner'],
    ['joining', 'viewer:dev', null, 'let in as viewer'],
    ['viewer', 'viewer:dev', 'prod', 'let in as viewer'],
    ['viewer', 'joiner:dev', 'dev', 'FORBIDDEN'],
    ['operator', 'viewer:dev', 'dev', 'FORBIDDEN'],
    ['operator', 'joiner:dev', 'dev', 'FORBIDDEN'],
  ];
  for (const [route, token, network, outcome] of joins) {
    it(`${route}, of ${network ?? 'no network'}, as ${token}: ${outcome}`, async () => {
      const params = network === null ? {} : { params: { network } };
      expect(await use(route, { ...as(token), ...params })).to.equal(outcome);
    });
  }

  for (const route of ['public', 'operations'] as const) {
    it(`${route}: anybody, and nobody is looked up`, async () => {
      for (const request of [{}, as('unknown'), as('admin')])
        expect(await use(route, request)).to.equal('let in as nobody');
    });
  }

  const COOKIE = { cookies: { gstacks_session_7080: 's' } };
  const CONSOLE = { host: '127.0.0.1:7080', origin: 'http://127.0.0.1:7080' };
  const rows: readonly (readonly [what: string, request: Partial<HttpRequest>, outcome: string])[] = [
    ['a header with another scheme', { headers: { authorization: 'Basic admin' } }, 'UNAUTHENTICATED'],
    ['a token among other words', { headers: { authorization: 'Bearer admin x' } }, 'UNAUTHENTICATED'],
    ['two headers', { headers: { authorization: ['Bearer admin', 'Bearer admin'] } }, 'UNAUTHENTICATED'],
    ['words before the scheme', { headers: { authorization: 'x Bearer admin' } }, 'UNAUTHENTICATED'],
    ['the scheme in other letters', { headers: { authorization: 'bearer admin' } }, 'let in as admin'],
    ['a session, read by the console', { ...COOKIE, headers: { host: CONSOLE.host } }, 'let in as admin'],
    ['a session, a write of the console', { ...COOKIE, method: 'POST', headers: CONSOLE }, 'let in as admin'],
    [
      'a session, a write that names no page',
      { ...COOKIE, method: 'POST', headers: { host: CONSOLE.host } },
      'FOREIGN_ORIGIN',
    ],
    [
      'a session, a read of another page',
      { ...COOKIE, headers: { ...CONSOLE, origin: 'http://127.0.0.1:8080' } },
      'FOREIGN_ORIGIN',
    ],
    [
      'a session, a write of a page without an origin',
      { ...COOKIE, method: 'POST', headers: { ...CONSOLE, origin: 'null' } },
      'FOREIGN_ORIGIN',
    ],
    [
      'a session, an origin that is longer than the host',
      { ...COOKIE, headers: { ...CONSOLE, origin: 'http://127.0.0.1:7080/x' } },
      'FOREIGN_ORIGIN',
    ],
    [
      'a session, an address that is no origin of the web',
      { ...COOKIE, headers: { ...CONSOLE, origin: 'xhttp://127.0.0.1:7080' } },
      'FOREIGN_ORIGIN',
    ],
    [
      'a session, a read that another site began',
      { ...COOKIE, headers: { host: CONSOLE.host, 'sec-fetch-site': 'cross-site' } },
      'FOREIGN_ORIGIN',
    ],
    [
      'a session, a read that the console began',
      { ...COOKIE, headers: { host: CONSOLE.host, 'sec-fetch-site': 'same-origin' } },
      'let in as admin',
    ],
    [
      'a session, an address that was typed',
      { ...COOKIE, headers: { host: CONSOLE.host, 'sec-fetch-site': 'none' } },
      'let in as admin',
    ],
    [
      'the session of another control plane of this host',
      { ...COOKIE, headers: { host: '127.0.0.1:7081' } },
      'UNAUTHENTICATED',
    ],
    [
      'a session at the usual port of the web',
      { cookies: { gstacks_session: 's' }, headers: { host: 'console.example' } },
      'let in as admin',
    ],
    ['a token beside a session', { ...COOKIE, headers: { ...CONSOLE, authorization: 'Bearer viewer' } }, 'FORBIDDEN'],
  ];
  for (const [what, request, outcome] of rows) {
    it(`${what}: ${outcome}`, async () => expect(await use('admin', request)).to.equal(outcome));
  }
});
