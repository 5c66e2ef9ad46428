import { aliasRemoved, attached, created, detached, published, rule } from '#test/unit/policy/network-events.js';
import { attach, attachUnknown, detach, given } from './network-commands.js';
import { dev, withApi, withRule } from './network-fixtures.js';

describe('attaching', () => {
  it('takes placement and labels from the sandbox as it is now', () => {
    given(created())
      .when(attach('sbx-web', { agent: 'host-a', labels: { tier: 'web' } }))
      .thenWritten([attached('sbx-web', 'host-a', { tier: 'web' })], { sandboxId: 'sbx-web', alias: null });
  });

  it('takes a sandbox that no agent holds now', () => {
    given(created())
      .when(attach('sbx-web'))
      .thenWritten([attached('sbx-web')], { sandboxId: 'sbx-web', alias: null });
  });

  it('publishes an alias in the same breath', () => {
    given(created())
      .when(attach('sbx-api', { agent: 'host-b', as: 'api', ports: ['80:8080', 9090] }))
      .thenWritten([attached('sbx-api', 'host-b'), published('api', 'sbx-api', '80:8080', 9090)], {
        sandboxId: 'sbx-api',
        alias: 'api',
      });
  });

  it('changes nothing for a sandbox that is attached, even if it moved meanwhile', () => {
    given(...dev)
      .when(attach('sbx-web', { agent: 'host-c' }))
      .thenWritten([], { sandboxId: 'sbx-web', alias: null });
  });

  it('publishes a further alias of a sandbox that is attached', () => {
    given(...dev)
      .when(attach('sbx-web', { as: 'web', ports: [80] }))
      .thenWritten([published('web', 'sbx-web', 80)], { sandboxId: 'sbx-web', alias: 'web' });
  });

  it('attaches nobody whose alias is refused', () => {
    given(...withApi)
      .when(attach('sbx-new', { as: 'api' }))
      .thenRefused('conflict', 'ALIAS_TAKEN', 'sbx-api');
  });

  it('refuses a sandbox that no agent has reported', () => {
    given(...dev)
      .when(attachUnknown('sbx-typo'))
      .thenRefused('not-found', 'SANDBOX_NOT_FOUND', 'sbx-typo', 'gstacks agent list');
  });

  it('says in which order the two stand when the alias is the id of a sandbox', () => {
    given(...dev)
      .when(attachUnknown('web', { as: 'sbx-new', ports: ['80:8080', 9090], meant: 'sbx-new' }))
      .thenRefused(
        'not-found',
        'SANDBOX_NOT_FOUND',
        'the sandbox comes before the alias: gstacks network attach dev sbx-new --alias web --port 80:8080 --port 9090',
      );
  });

  it('says which sandbox an alias is of that is given in its place', () => {
    const says = 'api is an alias: give its sandbox, sbx-api';
    given(...withApi)
      .when(attachUnknown('api'))
      .thenRefused('not-found', 'SANDBOX_NOT_FOUND', says);
    given(...withApi)
      .when(detach('api'))
      .thenRefused('not-found', 'NOT_ATTACHED', says);
  });

  it('stops at a thousand sandboxes', () => {
    const full = Array.from({ length: 1000 }, (_, index) => attached(`sbx-${index}`));
    given(created(), ...full)
      .when(attach('sbx-new'))
      .thenRefused('conflict', 'TOO_MANY_SANDBOXES', '1000');
    given(created(), ...full)
      .when(attach('sbx-0'))
      .thenWritten([], { sandboxId: 'sbx-0', alias: null });
    given(created(), ...full, detached('sbx-0'))
      .when(attach('sbx-new'))
      .thenWritten([attached('sbx-new')], { sandboxId: 'sbx-new', alias: null });
  });
});

describe('detaching', () => {
  it('removes the aliases first, and counts the rules that are left', () => {
    given(...withRule, published('rpc', 'sbx-api', 9090), rule('0002', 'allow rpc -> api:8080'))
      .when(detach('sbx-api'))
      .thenWritten([aliasRemoved('api'), aliasRemoved('rpc'), detached('sbx-api')], {
        sandboxId: 'sbx-api',
        aliasesRemoved: ['api', 'rpc'],
        rulesLeft: 2,
      });
  });

  it('leaves the aliases of others alone', () => {
    given(...withRule)
      .when(detach('sbx-web'))
      .thenWritten([detached('sbx-web')], { sandboxId: 'sbx-web', aliasesRemoved: [], rulesLeft: 0 });
  });

  it('refuses what is not attached', () => {
    given(...dev)
      .when(detach('sbx-typo'))
      .thenRefused('not-found', 'NOT_ATTACHED', 'sbx-typo', 'dev');
  });
});
