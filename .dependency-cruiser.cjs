// The import law of docs/architecture.md: apps, then member, then capabilities, then the pure core, then contracts.
const CAPABILITIES = 'data-plane|mesh|event-store|bus|audit|docker-engine|api-client';

/** The control plane's folders from the ground up (docs/adr/0029): each may import those before it, and no other. */
const LAYERS = [
  'foundation',
  'http',
  'record',
  'identity',
  'presence',
  'placement',
  'applied',
  'delivery',
  'status',
  'mesh',
];
/** Above all layers and beside one another. */
const FEATURES = 'networks|sandboxes|agents|local-nodes|diagnostics|auth|epochs|events|history|audit|keys|maintenance';
const CONTROL_PLANE = '^apps/control-plane/';

const layerRules = LAYERS.map((layer, index) => ({
  name: `control-plane-${layer}-imports-only-down`,
  severity: 'error',
  from: { path: `${CONTROL_PLANE}${layer}/` },
  to: { path: CONTROL_PLANE, pathNot: `${CONTROL_PLANE}(${LAYERS.slice(0, index + 1).join('|')})/` },
}));

/** An agent's folders from the ground up: each may import those before it. */
const AGENT_LAYERS = [
  'foundation',
  'state',
  'sandboxes',
  'egress',
  'dns',
  'proxy',
  'mesh',
  'enrollment',
  'contact',
  'topology',
  'traffic',
  'diagnostics',
];
const agentRules = AGENT_LAYERS.map((layer, index) => ({
  name: `agent-${layer}-imports-only-down`,
  severity: 'error',
  from: { path: `^apps/agent/${layer}/` },
  to: { path: '^apps/agent/', pathNot: `^apps/agent/(${AGENT_LAYERS.slice(0, index + 1).join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    ...agentRules,
    {
      name: 'control-plane-features-import-no-sibling',
      severity: 'error',
      from: { path: `${CONTROL_PLANE}(${FEATURES})/` },
      to: { path: CONTROL_PLANE, pathNot: `${CONTROL_PLANE}($1|${LAYERS.join('|')})/` },
    },
    {
      name: 'control-plane-folders-are-known',
      comment: 'a new folder has a place in the order, or is a feature',
      severity: 'error',
      from: { path: `${CONTROL_PLANE}([^/]+)/`, pathNot: `${CONTROL_PLANE}(${LAYERS.join('|')}|${FEATURES}|api)/` },
      to: {},
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'contracts-import-no-other-library',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: '^(libs/(?!contracts/)|apps/|migrations/)' },
    },
    {
      name: 'contracts-run-in-a-browser',
      comment:
        'http/ holds the classes that Nest and swagger read; types and parsers stand beside it and import nothing',
      severity: 'error',
      from: { path: '^libs/contracts/', pathNot: '^libs/contracts/http/' },
      to: { path: '^(?!libs/contracts/(?!http/))' },
    },
    {
      name: 'decorated-classes-are-the-control-planes',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^(apps/control-plane|libs/contracts/http)/' },
      to: { path: '^libs/contracts/http/' },
    },
    {
      name: 'the-core-imports-contracts-only',
      severity: 'error',
      from: { path: '^libs/(domain|policy)/' },
      to: { path: `^(libs/(member|${CAPABILITIES})/|apps/|migrations/)` },
    },
    {
      name: 'member-stands-above-capabilities',
      comment:
        'what agents and local nodes share uses the capabilities; the control plane and its clients are no members',
      severity: 'error',
      from: { path: '^(libs/(?!member/)|apps/(control-plane|cli|console|all-in-one)/)' },
      to: { path: '^libs/member/' },
    },
    {
      name: 'the-core-is-pure',
      comment: 'no I/O, clock or framework in what decides; hashing is a plain function',
      severity: 'error',
      from: { path: '^libs/(domain|policy)/' },
      to: {
        dependencyTypes: ['core', 'npm'],
        pathNot: '^(node:)?crypto$',
      },
    },
    {
      name: 'libraries-never-import-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|migrations|test|bench)/' },
    },
    {
      name: 'clients-never-read-the-log',
      severity: 'error',
      from: { path: '^apps/(cli|console)/' },
      to: { path: '^(libs/(event-store|bus|mesh|data-plane)/|migrations/)' },
    },
    {
      name: 'apps-stand-apart',
      comment: 'the all-in-one stack starts the others as processes, and takes away what an agent left behind',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/([^/]+)/', pathNot: '^apps/$1/|^apps/agent/sandboxes/netns/namespaces' },
    },
    {
      name: 'product-never-imports-tests',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.tsx', '.js'],
    },
  },
};
