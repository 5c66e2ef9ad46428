import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  Outlet,
  parseSearchWith,
  stringifySearchWith,
} from '@tanstack/react-router';
import { AgentPage } from './agents/agent-page.js';
import { AgentsPage } from './agents/agents-page.js';
import { Frame } from './frame/frame.js';
import { texts } from './frame/search.js';
import { LocalNodesPage } from './local-nodes/local-nodes-page.js';
import { NetworksPage } from './networks/networks-page.js';
import { SandboxPage } from './sandboxes/sandbox-page.js';
import { SandboxesPage } from './sandboxes/sandboxes-page.js';
import { SessionsPage } from './session/sessions-page.js';
import { SignInPage } from './session/sign-in-page.js';
import { TokensPage } from './tokens/tokens-page.js';

const networkPages = () => import('./network/pages.js');

const root = createRootRoute({ component: Outlet, notFoundComponent: () => <Navigate to="/networks" replace /> });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignInPage,
  validateSearch: (search: Record<string, unknown>): { readonly to?: string; readonly ended?: string } => {
    const { to, ...rest } = texts(search, ['to', 'ended']);
    // Only an address of this console: `//host` would be another site.
    return to !== undefined && /^\/(?!\/)/.test(to) ? { to, ...rest } : rest;
  },
});

const frame = createRoute({ getParentRoute: () => root, id: 'frame', component: Frame });
const home = createRoute({
  getParentRoute: () => frame,
  path: '/',
  component: () => <Navigate to="/networks" replace />,
});
const networks = createRoute({
  getParentRoute: () => frame,
  path: '/networks',
  component: NetworksPage,
  validateSearch: (search: Record<string, unknown>) => texts(search, ['q', 'status']),
});
const network = createRoute({
  getParentRoute: () => frame,
  path: '/networks/$network',
  component: lazyRouteComponent(networkPages, 'NetworkFrame'),
});
const overview = createRoute({
  getParentRoute: () => network,
  path: '/',
  component: lazyRouteComponent(networkPages, 'OverviewPage'),
});
const aliases = createRoute({
  getParentRoute: () => network,
  path: '/aliases',
  component: lazyRouteComponent(networkPages, 'AliasesPage'),
  validateSearch: (search: Record<string, unknown>) => texts(search, ['q', 'add', 'remove']),
});
const attachments = createRoute({
  getParentRoute: () => network,
  path: '/attachments',
  component: lazyRouteComponent(networkPages, 'AttachmentsPage'),
  validateSearch: (search: Record<string, unknown>) => texts(search, ['q', 'attach', 'detach']),
});
const members = createRoute({
  getParentRoute: () => network,
  path: '/members',
  component: lazyRouteComponent(networkPages, 'MembersPage'),
});
const policy = createRoute({
  getParentRoute: () => network,
  path: '/policy',
  component: lazyRouteComponent(networkPages, 'PolicyPage'),
  validateSearch: (search: Record<string, unknown>) =>
    texts(search, ['effect', 'add', 'from', 'to', 'port', 'remove', 'rule', 'test', 'untest']),
});
const egress = createRoute({
  getParentRoute: () => network,
  path: '/egress',
  component: lazyRouteComponent(networkPages, 'EgressPage'),
  validateSearch: (search: Record<string, unknown>) =>
    texts(search, ['add', 'from', 'to', 'port', 'remove', 'rule', 'test']),
});
const diagnostics = createRoute({
  getParentRoute: () => network,
  path: '/diagnostics',
  component: lazyRouteComponent(networkPages, 'DiagnosticsPage'),
  validateSearch: (search: Record<string, unknown>) => texts(search, ['from', 'to', 'port', 'agents']),
});
const map = createRoute({
  getParentRoute: () => network,
  path: '/map',
  component: lazyRouteComponent(() => import('./map/map-page.js'), 'MapPage'),
  validateSearch: (search: Record<string, unknown>) => texts(search, ['q', 'pair', 'as']),
});
const historyPages = () => import('./history/pages.js');
const history = createRoute({
  getParentRoute: () => network,
  path: '/history',
  component: lazyRouteComponent(historyPages, 'HistoryPage'),
  validateSearch: (search: Record<string, unknown>) =>
    texts(search, ['actor', 'kind', 'since', 'until', 'before', 'revert']),
});
const explain = createRoute({
  getParentRoute: () => network,
  path: '/history/explain',
  component: lazyRouteComponent(historyPages, 'ExplainPage'),
  validateSearch: (search: Record<string, unknown>) => texts(search, ['from', 'to', 'port', 'at']),
});
const diff = createRoute({
  getParentRoute: () => network,
  path: '/history/diff',
  component: lazyRouteComponent(() => import('./history/diff-page.js'), 'DiffPage'),
  validateSearch: (search: Record<string, unknown>) => texts(search, ['from', 'to', 'q', 'pair', 'as']),
});
const sandboxes = createRoute({
  getParentRoute: () => frame,
  path: '/sandboxes',
  component: SandboxesPage,
  validateSearch: (search: Record<string, unknown>) => texts(search, ['q']),
});
const sandbox = createRoute({ getParentRoute: () => frame, path: '/sandboxes/$sandbox', component: SandboxPage });
const agents = createRoute({ getParentRoute: () => frame, path: '/agents', component: AgentsPage });
const agent = createRoute({ getParentRoute: () => frame, path: '/agents/$agent', component: AgentPage });
const localNodes = createRoute({ getParentRoute: () => frame, path: '/local-nodes', component: LocalNodesPage });
const sessions = createRoute({ getParentRoute: () => frame, path: '/sessions', component: SessionsPage });
const tokens = createRoute({ getParentRoute: () => frame, path: '/tokens', component: TokensPage });

const tree = root.addChildren([
  signIn,
  frame.addChildren([
    home,
    networks,
    network.addChildren([
      ...[overview, aliases, attachments, members, policy, egress, diagnostics, map],
      ...[history, explain, diff],
    ]),
    sandboxes,
    sandbox,
    agents,
    agent,
    localNodes,
    sessions,
    tokens,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  scrollRestoration: true,
  // Every value is a text and is written into the address as it is: `port=8080` without quotes.
  parseSearch: parseSearchWith((text) => text),
  stringifySearch: stringifySearchWith(String),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
