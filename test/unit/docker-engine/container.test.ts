import { expect } from 'chai';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { parseContainer } from '#libs/docker-engine/container.js';

/** An Engine's answer, without the fields that are not read. */
function inspection(more: object = {}): object {
  return {
    Id: 'c1',
    Name: '/web',
    State: { Running: true, Paused: false, Restarting: false, Pid: 42, StartedAt: '2026-01-02T03:04:05.6Z' },
    Config: { Hostname: 'c1', Labels: { 'gstacks.sandbox': 'sbx-web' } },
    HostConfig: { NetworkMode: 'gstacks', Privileged: false, Dns: [] },
    NetworkSettings: {
      Networks: {
        gstacks: { NetworkID: 'n1', IPAddress: '10.78.0.2', MacAddress: '02:42:0A:4E:00:02', Aliases: ['c1'] },
      },
    },
    ...more,
  };
}

describe('a container as the Engine tells of it', () => {
  it('is read', () => {
    expect(parseContainer(inspection(), 'container')).to.deep.equal({
      id: 'c1',
      name: 'web',
      hostName: 'c1',
      labels: { 'gstacks.sandbox': 'sbx-web' },
      state: 'running',
      pid: 42,
      startedAt: '2026-01-02T03:04:05.6Z',
      networkMode: 'gstacks',
      privileged: false,
      dnsServers: [],
      endpoints: [
        {
          network: 'gstacks',
          networkId: 'n1',
          address: '10.78.0.2',
          macAddress: '02:42:0a:4e:00:02',
          aliases: ['c1'],
        },
      ],
    });
  });

  const states: readonly (readonly [object, string])[] = [
    [{ Running: true, Paused: true }, 'paused'],
    [{ Running: true, Restarting: true }, 'other'],
    [{ Running: false }, 'other'],
    [{}, 'other'],
  ];
  for (const [State, state] of states) {
    it(`is ${state} with ${JSON.stringify(State)}`, () => {
      expect(parseContainer(inspection({ State }), 'container')).to.have.property('state', state);
    });
  }

  it('is read where the Engine writes null for what is empty', () => {
    const empty = {
      Config: { Labels: null },
      HostConfig: { Dns: null },
      NetworkSettings: { Networks: { gstacks: { Aliases: null } } },
    };
    expect(parseContainer(inspection(empty), 'container')).to.deep.include({ labels: {}, dnsServers: [] });
    const { endpoints } = parseContainer(inspection(empty), 'container');
    expect(endpoints[0]).to.deep.include({ address: '', aliases: [] });
  });

  for (const odd of [null, [], 'text', {}, inspection({ State: null }), inspection({ NetworkSettings: 7 })]) {
    it(`is refused by name: ${JSON.stringify(odd)?.slice(0, 40)}`, () => {
      expect(() => parseContainer(odd, 'container')).to.throw(InvalidInputError, 'container');
    });
  }
});
