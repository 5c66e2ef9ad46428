/** The pages of a network, in one chunk that is loaded when the first of them is opened. */
export { DiagnosticsPage } from '../diagnostics/diagnostics-page.js';
export { EgressPage } from '../egress/egress-page.js';
export { PolicyPage } from '../policy/policy-page.js';
export { AliasesPage } from './aliases-page.js';
export { AttachmentsPage } from './attachments-page.js';
export { MembersPage } from './members-page.js';
export { NetworkFrame } from './network-frame.js';
export { OverviewPage } from './overview-page.js';
