import { expect } from 'chai';
import { departed } from '#apps/agent/sandboxes/departures.js';
import type { AdmittedContainer } from '#apps/agent/sandboxes/docker/admissions.js';
import { planBridge } from '#apps/agent/sandboxes/docker/bridge-plan.js';
import { reportOf } from '#apps/agent/sandboxes/docker/sandbox-report.js';
import { foreignAliases } from '#apps/agent/sandboxes/docker/take-containers.js';
import { CodedError } from '#libs/contracts/errors.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import type { EngineContainer } from '#libs/docker-engine/container.js';

const PLAN = planBridge({ network: 'gstacks', bridge: 'gstacks0', subnet: '10.78.0.0/16' });
const OWN = {
  network: 'gstacks',
  networkId: 'n1',
  address: '10.78.0.2',
  macAddress: '02:42:0a:4e:00:02',
  aliases: ['c1'],
};
const OTHER = { ...OWN, network: 'shop_default', address: '172.18.0.2' };

function admitted(
  container: Partial<EngineContainer> = {},
  more: Partial<Omit<AdmittedContainer, 'container'>> = {},
): AdmittedContainer {
  return {
    sandboxId: parseSandboxId('sbx-web', 'id'),
    endpoint: OWN,
    link: {
      port: 'veth1',
      device: 'eth0',
      macAddress: OWN.macAddress,
      address: OWN.address,
      defaultRouteDevice: 'eth0',
    },
    resolverFailure: null,
    ...more,
    container: {
      id: 'c1',
      name: 'web',
      hostName: 'c1',
      labels: {},
      state: 'running',
      pid: 42,
      startedAt: '2026-01-02T03:04:05.6Z',
      networkMode: 'gstacks',
      privileged: false,
      dnsServers: [],
      endpoints: [OWN],
      ...container,
    },
  };
}

const report = (...what: Parameters<typeof admitted>) =>
  reportOf(admitted(...what), PLAN, '/var/run/docker.sock', null);

describe('the plan of a bridge', () => {
  const rows: readonly (readonly [string, string, string, string])[] = [
    ['10.78.0.0/16', '10.78.0.1', '10.78.0.0/17', '10.78.128.0/17'],
    ['192.168.5.64/26', '192.168.5.65', '192.168.5.64/27', '192.168.5.96/27'],
  ];
  for (const [subnet, gateway, containerRange, proxyRange] of rows) {
    it(`gives containers the lower half of ${subnet}, and proxies the upper`, () => {
      expect(planBridge({ network: 'n', bridge: 'b', subnet })).to.deep.include({
        gateway,
        containerRange,
        proxyRange,
      });
    });
  }
});

describe('what is reported of a container', () => {
  it('on the agent network alone: enforced', () => {
    expect(report()).to.deep.equal({
      sandboxId: 'sbx-web',
      address: '10.78.0.2',
      isolation: 'enforced',
      isolationEvidence: null,
      isolationRemedy: null,
      source: 'verified',
      dns: 'active',
      dnsRemedy: null,
      namespace: null,
      container: {
        id: 'c1',
        name: 'web',
        startedAt: '2026-01-02T03:04:05.6Z',
        engineSocket: '/var/run/docker.sock',
      },
      paused: false,
    });
  });

  it('while the rules of the agent are not in force: broken, with the code, whatever else is so', () => {
    const fault = new CodedError('LINK_RULES_CHANGED', 'somebody removed them', 'do this');
    expect(reportOf(admitted({ endpoints: [OTHER, OWN] }), PLAN, '/var/run/docker.sock', fault)).to.deep.include({
      isolation: 'broken',
      isolationEvidence: 'LINK_RULES_CHANGED: somebody removed them',
      isolationRemedy: 'do this',
    });
  });

  it('on a second network: advisory, with the network and the command that ends it', () => {
    const { isolation, isolationEvidence, isolationRemedy } = report({ endpoints: [OTHER, OWN] });
    expect(isolation).to.equal('advisory');
    expect(isolationEvidence).to.contain('shop_default (172.18.0.2)').and.not.contain('default route');
    expect(isolationRemedy).to.equal('docker network disconnect shop_default web');
  });

  it('with its default route elsewhere: said', () => {
    const link = { ...admitted().link, device: 'eth1' };
    expect(report({ endpoints: [OTHER, OWN] }, { link }).isolationEvidence).to.match(
      /default route leads there \(eth0\)/,
    );
  });

  it('that is privileged: advisory', () => {
    expect(report({ privileged: true })).to.deep.include({ isolation: 'advisory' });
    expect(report({ privileged: true }).isolationEvidence).to.contain('privileged');
  });

  it('whose queries cannot be led to the agent: said, with the reason and how to make it anew', () => {
    const { dns, dnsRemedy } = report({}, { resolverFailure: 'nft: no such table' });
    expect(dns).to.equal('restart-required');
    expect(dnsRemedy).to.contain('nft: no such table').and.contain('--dns 10.78.0.1');
  });
});

describe('flows of a container end', () => {
  const rows: readonly (readonly [string, Partial<EngineContainer>, readonly string[]])[] = [
    ['not while it stays as it is', {}, []],
    ['not when it is paused', { state: 'paused' }, []],
    ['when it was started anew', { startedAt: '2026-01-02T03:05:00Z' }, ['sbx-web']],
    ['when another container has its id and address', { id: 'c2' }, ['sbx-web']],
  ];
  for (const [when, change, expected] of rows) {
    it(when, () => expect(departed([report()], [report(change)])).to.deep.equal(expected));
  }
});

describe('service names on the agent network', () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['its own id is none', ['c1'], []],
    ['its host name is none', ['c1', 'own-host'], []],
    ["a compose service's name is one", ['api', 'c1'], ['api']],
  ];
  for (const [what, aliases, expected] of rows) {
    it(what, () => {
      const { container } = admitted({ hostName: 'own-host', endpoints: [{ ...OWN, aliases }] });
      expect(foreignAliases(container, 'gstacks')).to.deep.equal(expected);
    });
  }
});
