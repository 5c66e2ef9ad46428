/**
 * What stands in for each part of a printed command that the program fills in (its expression in the source) or a
 * person does (`<...>`): a network `dev` of sample sandboxes. `file expression` goes before the expression alone.
 */
export const SAMPLES: Readonly<Record<string, string>> = {
  '<network>': 'dev',
  '<sandbox-id>': 'sbx-api',
  '<alias>': 'api',
  '<port>': '8080',
  '<port inside>': '8080',
  '<selector>': 'local',
  '<rule-id>': 'rule-4f9c21ab',
  '<agent>': 'host-b',
  '<name>': 'host-x',
  '<node>': 'laptop-0a1b2c3d4e',
  '<user>': 'admin',
  '<url>': 'http://127.0.0.1:7080',
  ...{ name: 'dev', network: 'dev', other: 'dev', 'view.name': 'dev', 'topology.name': 'dev', 'network.name': 'dev' },
  ...{ 'status.network': 'dev', 'write.network': 'dev', 'written.network': 'dev', 'network.network': 'dev' },
  ...{ 'path.network': 'dev', 'networks[0]?.network': 'dev', 'node.networks[0]?.network': 'dev' },
  ...{ sandboxId: 'sbx-api', id: 'sbx-api', 'record.sandboxId': 'sbx-api' },
  ...{ alias: 'api', 'request.alias': 'api', port: '8080', localPort: '18080', flags: ' --port 8080' },
  "ports.join('--port')": '8080 --port 9090:8080',
  ...{ from: 'local', 'source.user': 'admin', ruleId: 'rule-4f9c21ab', claimant: 'host-b' },
  ...{ url: 'http://127.0.0.1:7080', 'context.url': 'http://127.0.0.1:7080', 'shellLine(command)': 'true' },
  agentId: 'host-b',
  'apps/agent/enrollment/enrollment.ts name': 'host-x',
  'apps/local-node/forwards.ts other': '18081',
  'apps/control-plane/status/denied-names.ts name': 'packages.example.com',
  'libs/domain/network/aliases.ts alias': 'sbx-api',
  'libs/domain/network/aliases.ts sandboxId': 'api',
};
