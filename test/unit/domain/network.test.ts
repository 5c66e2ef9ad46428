import {
  aliasRemoved,
  created,
  detached,
  labelled,
  networkDeleted,
  placed,
  published,
} from '#test/unit/policy/network-events.js';
import {
  addRule,
  attach,
  create,
  detach,
  given,
  place,
  publish,
  relabel,
  remove,
  removeRule,
  unpublish,
} from './network-commands.js';
import { dev, withApi, withRule } from './network-fixtures.js';

describe('a network', () => {
  it('is created', () => {
    given()
      .when(create('dev'))
      .thenWritten([created('dev')], { networkId: '0a1b', name: 'dev' });
  });

  it('is not created twice, nor again after it was deleted', () => {
    given(...dev)
      .when(create())
      .thenRefused('conflict', 'NETWORK_EXISTS', 'dev');
    given(created(), networkDeleted).when(create()).thenRefused('conflict', 'NETWORK_EXISTS');
  });

  it('is deleted when nobody is attached, whatever rules are left', () => {
    given(created()).when(remove()).thenWritten([networkDeleted], { detached: [] });
    given(...withRule, aliasRemoved('api'), detached('sbx-api'), detached('sbx-web'))
      .when(remove())
      .thenWritten([networkDeleted], { detached: [] });
  });

  it('is not deleted while somebody is attached, who are named', () => {
    given(...dev)
      .when(remove())
      .thenRefused('conflict', 'NETWORK_NOT_EMPTY', 'sbx-api', 'sbx-web');
  });

  it('lets go of everybody first when told so: of each its aliases, then itself', () => {
    given(...withApi, published('rpc', 'sbx-api', 9090))
      .when(remove(true))
      .thenWritten(
        [aliasRemoved('api'), aliasRemoved('rpc'), detached('sbx-api'), detached('sbx-web'), networkDeleted],
        {
          detached: ['sbx-api', 'sbx-web'],
        },
      );
  });

  for (const command of [
    remove(),
    attach('sbx-web'),
    detach('sbx-web'),
    publish('sbx-web', 'web'),
    unpublish('api'),
    addRule('0001', 'allow', 'any', 'api', 8080),
    removeRule('0001'),
    place('sbx-web', 'host-a'),
    relabel('sbx-web', {}),
  ]) {
    it(`takes no ${command.kind} before it is created or after it was deleted`, () => {
      given().when(command).thenRefused('not-found', 'NETWORK_NOT_FOUND');
      given(...withRule, networkDeleted)
        .when(command)
        .thenRefused('not-found', 'NETWORK_NOT_FOUND', 'dev');
    });
  }
});

describe('what is copied from a sandbox', () => {
  it('is written when it differs', () => {
    given(...dev)
      .when(place('sbx-web', 'host-b'))
      .thenWritten([placed('sbx-web', 'host-b')], null);
    given(...dev)
      .when(place('sbx-web', null))
      .thenWritten([placed('sbx-web', null)], null);
    given(...dev)
      .when(relabel('sbx-web', { tier: 'db' }))
      .thenWritten([labelled('sbx-web', { tier: 'db' })], null);
  });

  it('is nothing new when it is so already, or the sandbox is not attached any more', () => {
    given(...dev)
      .when(place('sbx-web', 'host-a'))
      .thenWritten([], null);
    given(...dev)
      .when(relabel('sbx-web', { tier: 'web' }))
      .thenWritten([], null);
    given(...dev, detached('sbx-web'))
      .when(place('sbx-web', 'host-b'))
      .thenWritten([], null);
    given(...dev, detached('sbx-web'))
      .when(relabel('sbx-web', {}))
      .thenWritten([], null);
  });
});
